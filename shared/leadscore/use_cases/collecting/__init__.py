"""The public door: HTTP in, events on the queue out. Success is answered only when the queue has taken everything."""
