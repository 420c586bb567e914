"""The Criteo API: what is read from it and how, the codec of its JSON, and HTTP in ``http/``."""
