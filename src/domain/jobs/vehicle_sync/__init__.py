"""CR-012: the vehicle data of a source becomes the shop's, in four stages."""
