"""Use-cases: validate, refresh, plan, apply, and their environment."""
