"""Files to and from partners, whatever way they go."""
