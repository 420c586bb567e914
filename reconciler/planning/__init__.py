"""Planning: from desired and live resources to the fewest calls and their cost, in pure steps, one per file."""
