"""Measuring this machine: the line at its rates, the model part by part. Figures only, no verdict of its own."""
