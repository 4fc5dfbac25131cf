"""Partners' folders: one adapter per way to reach them."""
