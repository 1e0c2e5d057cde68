"""Vials and ampoules."""
