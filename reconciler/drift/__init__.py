"""What somebody else moved: since when, on which side, and who."""
