"""Bottles with closures."""
