"""The console: a page of its own process over a line's store, which it only reads."""
