"""The composition root: the only place that knows commands and adapters at once."""
