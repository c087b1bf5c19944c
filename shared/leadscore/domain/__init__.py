"""The core: what a lead's score is. Standard library only; no I/O, clock, randomness, environment or logging."""
