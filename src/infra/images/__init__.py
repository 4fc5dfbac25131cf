"""Pictures: where they come from, what is made of them, where they are shown from."""
