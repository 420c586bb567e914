"""A plan as a file that somebody reviews: what it holds, what it costs, and whether it still holds."""
