"""What becomes of a planned call: sent once, its answer understood, a lost one decided by reading, all read back."""
