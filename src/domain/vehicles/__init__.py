"""Vehicles and the wheels that fit them."""
