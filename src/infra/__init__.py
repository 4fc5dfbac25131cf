"""Adapters to the outside: databases, files, processes, metrics; no decisions."""
