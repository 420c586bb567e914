"""Kinds of resources as data: one table per kind, and the value types of its fields."""
