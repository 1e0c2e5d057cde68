"""Blister packs."""
