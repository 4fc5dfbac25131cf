"""CR-002: stock and prices for platforms and customers, as files or through a marketplace."""
