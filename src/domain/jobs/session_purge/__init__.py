"""CR-014: expired session files are removed."""
