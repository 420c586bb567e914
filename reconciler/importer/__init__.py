"""A live account as files that a person would have written: what to write, under which name, in which file."""
