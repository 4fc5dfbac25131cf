"""What can be typed: contracts and flags, no work."""
