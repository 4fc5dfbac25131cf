"""Page hits and their counters on the three databases."""
