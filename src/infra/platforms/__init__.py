"""The platforms' interfaces, behind one port."""
