"""Page hits, wherever they come from."""
