"""The wheel simulator's files, from the live tables."""
