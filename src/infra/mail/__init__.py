"""Mail by SMTP, or into a folder for trying."""
