"""Schema migrations of the record store: run by the store itself when the line opens it."""
