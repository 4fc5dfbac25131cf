"""Mail to people, whatever the job that writes it."""
