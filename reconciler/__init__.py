"""Keep a Criteo account as YAML in git: plan what differs, apply it with the fewest calls."""

__version__ = "0.1.0"
