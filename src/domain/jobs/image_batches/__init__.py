"""CR-001: lists of article images are put on the queue in batches."""
