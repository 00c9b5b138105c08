"""Tables that SQL is the wrong language for: the ranking, and change in guided services."""
