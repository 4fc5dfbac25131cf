"""Platforms on which the shop sells, and the orders that come from them."""
