"""Article images: what a message says of them, and how they get into the shop."""
