"""The shop's stock read out at an export's prices: one statement, in each database's own words."""
