"""Import of a live account as YAML files that a person would have written."""
