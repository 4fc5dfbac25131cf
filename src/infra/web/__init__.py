"""Partners that are reached by HTTP(S)."""
