"""Drift detection: values changed outside of this tool, since when, on which side, and by which author."""
