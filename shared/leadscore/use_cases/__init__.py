"""What the system does, one module per use case: gather, decide, commit. What they need from outside is in `ports`."""
