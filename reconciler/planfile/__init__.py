"""Saved plan files: write, read, and check for staleness."""
