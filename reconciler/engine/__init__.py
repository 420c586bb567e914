"""The use-cases: validate, refresh, plan, apply, and what one run of them needs."""
