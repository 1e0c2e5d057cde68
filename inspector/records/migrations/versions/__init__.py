"""One file a schema version, oldest first; a published one is never changed."""
