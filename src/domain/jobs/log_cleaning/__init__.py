"""CR-007: old rows of the update log are deleted, where asked for after they were archived."""
