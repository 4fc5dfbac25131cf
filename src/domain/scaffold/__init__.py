"""What a new job needs before its first line is written."""
