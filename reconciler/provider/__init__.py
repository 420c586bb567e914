"""Criteo API: reads of live state, the codec of its JSON, and HTTP in ``http/``."""
