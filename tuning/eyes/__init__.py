"""Teaching the eyes: rendered pools, the dense network, its training, the region stage, and the exported parts."""
