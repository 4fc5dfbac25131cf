"""Snapshots of vehicle data and the live tables that they are brought into (CR-012)."""
