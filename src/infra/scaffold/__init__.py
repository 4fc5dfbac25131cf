"""Writes the files of a new job into a checkout."""
