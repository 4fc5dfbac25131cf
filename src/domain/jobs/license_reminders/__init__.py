"""CR-003: customers are reminded before the licence of their shop ends."""
