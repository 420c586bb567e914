"""What the API has, as data: one table for each kind, and the value types its rows are made of."""
