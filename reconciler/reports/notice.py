"""A run in a few lines for a channel of people: from its JSON report, for webhooks of chats."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from reconciler.model.text import sanitize
from reconciler.reports.common import clip

PROBLEMS = 5
"""Maximum number of problems in a message."""
TOTALS = 6
LONGEST = 300
"""Maximum length of a line."""
ENDINGS = {3: "refused by a guardrail", 4: "the plan is stale", 5: "partly applied", 6: "an outcome is unknown"}
ENDINGS |= {7: "locked by another run", 8: "not allowed", 9: "the API version is gone", 130: "interrupted"}


class UnreadableReport(Exception):
    """Raised if a file is not a JSON report of a run; the text is a clause for the user."""


class _Amount(Struct, frozen=True):
    amount: str | int | float | None = None
    uncapped: int = 0


class _Total(Struct, frozen=True):
    currency: str
    what: str
    before: _Amount
    after: _Amount


class _Money(Struct, frozen=True):
    totals: tuple[_Total, ...] = ()


class _Said(Struct, frozen=True):
    severity: str
    code: str
    message: str
    address: str | None = None


class _Drifted(Struct, frozen=True):
    state: str


class RunReport(Struct, frozen=True):
    """The part of a JSON report that a message repeats."""

    format_version: str
    command: str
    project: str
    exit_code: int
    applied: bool
    summary: dict[str, Any]
    money: _Money | None = None
    diagnostics: tuple[_Said, ...] = ()
    drift: tuple[_Drifted, ...] = ()


def read_report(content: bytes) -> RunReport:
    """Return the report. Raise :class:`UnreadableReport` if it is something else."""
    try:
        found = msgspec.json.decode(content, type=RunReport)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnreadableReport("it is not a JSON report of validate, plan, apply or drift") from None
    if found.format_version.partition(".")[0] != "1":
        raise UnreadableReport(f"its format is {sanitize(found.format_version)}; this version reads 1")
    return found


def lines(run: RunReport) -> Iterator[str]:
    """Yield the lines of a message; the first is its title."""
    ended = ENDINGS.get(run.exit_code, "failed" if run.exit_code == 1 else "")
    yield clip(f"{run.command} of {sanitize(run.project)}: {_headline(run)}{f' ({ended})' if ended else ''}", LONGEST)
    moved = [each for each in (run.money.totals if run.money else ()) if each.before != each.after]
    yield from (clip(_total(each), LONGEST) for each in moved[:TOTALS])
    said = [each for each in run.diagnostics if each.severity in ("error", "warning")]
    said.sort(key=lambda each: each.severity)
    yield from (clip(_problem(each), LONGEST) for each in said[:PROBLEMS])
    if len(said) > PROBLEMS:
        yield f"and {len(said) - PROBLEMS:,} more problems"


def _headline(run: RunReport) -> str:
    summary = run.summary
    if run.applied:
        ended = summary.get("ended") or {}
        return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in ended.items()) or "nothing to do"
    if run.command == "drift":
        moved = sum(each.state in ("drifted", "conflict", "differs") for each in run.drift)
        return f"{moved:,} {'value was' if moved == 1 else 'values were'} changed outside" if moved else "no drift"
    if run.command == "validate":
        return "the files are not valid" if run.exit_code else "the files are valid"
    named = (("create", "to create"), ("update", "to update"), ("stop", "to stop"))
    return ", ".join(f"{summary[key]:,} {words}" for key, words in named if summary.get(key)) or "no changes"


def _total(each: _Total) -> str:
    return f"{sanitize(each.currency)} {sanitize(each.what)}: {_amount(each.before)} → {_amount(each.after)}"


def _amount(each: _Amount) -> str:
    uncapped = f" plus {each.uncapped:,} without a cap" if each.uncapped else ""
    return f"{sanitize(each.amount)}{uncapped}"


def _problem(each: _Said) -> str:
    where = f"{sanitize(each.address)}: " if each.address else ""
    return f"{each.severity}[{sanitize(each.code)}]: {where}{sanitize(each.message)}"


# --- Forms of chats ------------------------------------------------------------------------------------------------


def as_text(told: Sequence[str], link: str | None) -> dict[str, Any]:
    """Return ``{"text": …}``: Slack, Mattermost, Google Chat. Nothing in it is markup, a link or a mention."""
    text = "\n".join([*map(_plain, told), *([link] if link else [])])
    return {"text": text, "mrkdwn": False, "unfurl_links": False}


def as_card(told: Sequence[str], link: str | None) -> dict[str, Any]:
    """Return an adaptive card: workflows of Microsoft Teams."""
    title, *rest = told
    body = [{"type": "TextBlock", "text": _card(title), "weight": "Bolder", "wrap": True}]
    body += [{"type": "TextBlock", "text": _card(line), "wrap": True, "spacing": "None"} for line in rest]
    card: dict[str, Any] = {"type": "AdaptiveCard", "version": "1.4", "body": body}
    if link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open the run", "url": link}]
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


FORMS = {"text": as_text, "teams": as_card}


def _plain(line: str) -> str:
    """Return a line in which a chat finds no command: ``<!channel>`` of Slack, ``@channel`` of others."""
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return line.replace("@", "@\u2060")


def _card(line: str) -> str:
    """Return a line without the Markdown of cards."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]()#<>" else letter for letter in line)
