"""CR-008: orders are pulled from the platforms."""
