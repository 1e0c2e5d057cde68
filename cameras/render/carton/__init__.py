"""Cartons with their print and labels."""
