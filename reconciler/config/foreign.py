"""Recognise YAML files of other tools by their top-level keys, so that a default `include` can skip them."""

import re
from collections.abc import Iterator

_TOP_LEVEL_KEY = re.compile(rb"(?m)^(?:- +)?[\"']?([A-Za-z_][\w.-]*)[\"']?[ \t]*:(?=\s|$)")
_MARKS: tuple[tuple[str, frozenset[str]], ...] = (
    ("a Helm chart", frozenset({"apiVersion", "name", "version"})),
    ("a Kubernetes object", frozenset({"apiVersion", "kind"})),
    ("a Compose file", frozenset({"services"})),
    ("a GitHub workflow", frozenset({"on", "jobs"})),
    ("a GitHub action", frozenset({"runs", "name"})),
    ("a GitLab pipeline", frozenset({"stages"})),
    ("a GitLab pipeline", frozenset({"script"})),
    ("an OpenAPI document", frozenset({"openapi"})),
    ("an OpenAPI document", frozenset({"swagger"})),
    ("a CloudFormation template", frozenset({"AWSTemplateFormatVersion"})),
    ("an Ansible playbook", frozenset({"hosts"})),
    ("a site configuration of MkDocs", frozenset({"site_name"})),
    ("a Conda environment", frozenset({"channels", "dependencies"})),
    ("a pre-commit configuration", frozenset({"repos"})),
)
"""Kind of foreign file, and top-level keys that only such a file has together."""


def recognize(text: bytes, own: frozenset[str]) -> str | None:
    """Return the kind of another tool's file, or None; a file with one of the ``own`` keys is ours.

    It scans the text without parsing, since such a file may hold tags or several documents, which are errors in ours.
    """
    keys = set(_top_level_keys(text))
    if keys & own:
        return None
    return next((name for name, marks in _MARKS if marks <= keys), None)


def _top_level_keys(text: bytes) -> Iterator[str]:
    for match in _TOP_LEVEL_KEY.finditer(text):
        yield match[1].decode("ascii", "replace")
