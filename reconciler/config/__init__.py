"""YAML files: parse them into desired resources with every error at its line, and write live values back."""
