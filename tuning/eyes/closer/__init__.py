"""The closer look at a region: its network, what it is taught on, its training, its graph."""
