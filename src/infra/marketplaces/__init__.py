"""Marketplaces that are told stock and prices through their own interfaces."""
