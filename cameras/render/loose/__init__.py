"""Loose tablets and capsules."""
