"""How each platform writes an order."""
