"""Teaching a new product from photographs: from a folder of good units and what there is of bad ones to a package."""
