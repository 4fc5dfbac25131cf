"""CR-011: named operations delete what is stale, and each gives an account of itself."""
