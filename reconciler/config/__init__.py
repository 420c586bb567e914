"""YAML files, both ways: a text to what is wanted with every mistake at its line, and live values back into a text."""
