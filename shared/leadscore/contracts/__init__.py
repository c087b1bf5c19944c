"""What crosses the edges, as pydantic models: what comes in is checked by them, what goes out is promised by them."""
