"""From what is wanted and what is live to the fewest calls and what they cost: pure steps, one a file."""
