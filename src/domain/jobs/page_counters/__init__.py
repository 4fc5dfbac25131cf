"""CR-004: page hits are counted by hour and by day."""
