"""CR-009, CR-010: bring supplier stock files into the shop."""
