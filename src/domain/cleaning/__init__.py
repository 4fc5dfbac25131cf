"""Deleting what is old from a table that others work on: looked at first, then by short batches."""
