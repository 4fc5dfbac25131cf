"""Where vehicle data comes from, and the words in which its differences are told (CR-012)."""
