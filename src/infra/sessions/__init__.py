"""Session files on the disk."""
