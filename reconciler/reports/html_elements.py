"""The small parts that every page in HTML is made of; all text from outside is escaped and clipped here."""

from collections.abc import Iterable, Sequence
from html import escape

from reconciler.model.text import sanitize
from reconciler.reports.common import clip

ROWS = 2_000
"""Maximum number of changes; JSON holds all of them."""
LISTED, LONG = 200, 2_000
"""Maximum number of problems, and of characters of one value; JSON holds all of them."""


def escape_text(value: object) -> str:
    return escape(clip(sanitize(value), LONG))


def render_code(value: object) -> str:
    return f"<code>{escape_text(value)}</code>"


def render_field(name: str) -> str:
    """Return the name of a field, which a narrow page breaks after a dot only."""
    return f"<code>{escape_text(name).replace('.', '.<wbr>')}</code>"


def render_section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>" if content else ""


def render_list(rows: Iterable[str]) -> str:
    listed = "".join(f"<li>{row}</li>" for row in rows)
    return f'<ul class="plain">{listed}</ul>' if listed else ""


def cut_rows(rows: Sequence[str]) -> list[str]:
    more = [f'<span class="soft">… and {len(rows) - LISTED:,} more</span>'] if len(rows) > LISTED else []
    return [*rows[:LISTED], *more]


def render_table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = (), style: str = "") -> str:
    """Return a table; cells are HTML already, ``right`` are the columns of numbers."""
    numbers = [' class="r n"' if column in right else "" for column in range(len(head))]
    top = "".join(f"<th{mark.replace(' n', '')}>{name}</th>" for name, mark in zip(head, numbers, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{mark}>{cell}</td>" for cell, mark in zip(row, numbers, strict=True)) + "</tr>"
        for row in rows
    )
    heading = f"<tr>{top}</tr>" if any(head) else ""
    return f'<div class="scroll"><table{style}>{heading}{body}</table></div>' if body else ""


def render_tag(words: str, style: str) -> str:
    return f'<span class="tag {style}">{escape_text(words)}</span>'
