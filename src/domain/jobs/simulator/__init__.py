"""CR-013: the wheel simulator's files are built and sent as one set."""
