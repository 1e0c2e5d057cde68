"""The drivers, one a file. They are imported by `open_camera` only, so that an absent SDK costs no other camera."""
