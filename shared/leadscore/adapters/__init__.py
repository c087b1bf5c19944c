"""The only code that knows AWS (and its stand-in in memory): what `use_cases.ports` asks for, in DynamoDB's terms."""
