"""Ids by address, last applied values, the journal of runs, the lock. A memory, not an authority."""
