"""Ledger in a bucket: rows in memory, a log of their changes in one head object, and immutable parts.

The head is replaced under its entity tag for each commit, so that every writer continues what the last one wrote, or
is refused. See decision 0031.
"""
