"""Guardrails: policies on money and mass changes, applied before any call; one rule per file.

To add a rule, write its file and name it in ``RULES``: its key, schema, texts and exit code follow.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.guardrails import (
    bounds,
    decimal_slip,
    empty_scope,
    freeze,
    max_billable_increase,
    max_changes,
    max_increase_24_hours,
    max_raise_percent,
    max_share_percent,
    max_stops,
    max_total_increase,
    max_total_increase_percent,
    naming,
    protected,
    removed_cap,
    zero_bid,
)
from reconciler.guardrails.decisions import Decision, settle
from reconciler.guardrails.names import Mistake, Names
from reconciler.guardrails.rule import Proposal, Rule
from reconciler.model import Excuse, Judgement, Locator, Place, Problem, RuleLevel, Severity, Verdict, error
from reconciler.model.text import is_reason

_MODULES = (
    empty_scope,
    decimal_slip,
    removed_cap,
    zero_bid,
    max_raise_percent,
    max_total_increase,
    max_total_increase_percent,
    max_increase_24_hours,
    max_billable_increase,
    bounds,
    max_changes,
    max_stops,
    max_share_percent,
    freeze,
    protected,
    naming,
)
RULES: Mapping[str, Rule] = {module.RULE.name: module.RULE for module in _MODULES}
SHOWN = 20
"""Maximum number of violations of one rule that are listed; the rest is counted."""
SEVERITIES = {Verdict.ADVISED: Severity.WARNING, Verdict.ALLOWED: Severity.NOTE, Verdict.REFUSED: Severity.ERROR}


class GuardrailSettings(Struct, frozen=True):
    """``guardrails`` of ``reconciler.yaml``, with the file that contains them."""

    rules: Mapping[str, Any] = field(default_factory=dict)
    source: Locator | None = None

    def at(self, rule: str) -> Place | None:
        """Return the position of a rule's key, or None."""
        path = ("guardrails", rule)
        return Place(self.source, path, key=True) if self.source and rule in self.rules else None

    def has(self, rule: str) -> bool:
        """Return True if a rule is active."""
        return any(rule == each.name for each, _, _ in self.active())

    def mistakes(self, names: Names) -> Iterator[Mistake]:
        """Yield the errors in the settings beyond their schema; addresses are checked only if all files are read."""
        for rule, setting, _ in self.active():
            yield from (replace(each, path=(rule.name, *each.path)) for each in rule.check(setting, names))
        for name in self.rules.get("levels") or {}:
            if not self.has(name):
                why = f"{name} is not on, so its level decides nothing"
                yield Mistake(("levels", name), why, key=True, severity=Severity.WARNING)

    def active(self) -> Iterator[tuple[Rule, Any, RuleLevel]]:
        """Yield the active rules with their settings and levels."""
        levels = self.rules.get("levels") or {}
        for name, rule in RULES.items():
            setting = self.rules.get(name, rule.default)
            if setting is not None and setting is not False:
                yield rule, setting, RuleLevel(levels.get(name, RuleLevel.OVERRIDE.value))


def judge(
    proposal: Proposal, settings: GuardrailSettings, allowed: Mapping[str, str], decisions: Iterable[Decision] = ()
) -> tuple[Judgement, ...]:
    """Return the judgement of every active rule.

    ``allowed`` holds the reasons by rule, ``decisions`` the decisions of the files.
    """
    judgements = []
    for rule, setting, level in settings.active():
        found, excuses = tuple(rule.judge(proposal, setting)), tuple[Excuse, ...]()
        if found and level is RuleLevel.OVERRIDE:
            found, excuses = settle(rule, found, proposal, decisions, SHOWN)
        problems = _fold_problems(rule, found)
        because = allowed.get(rule.name) if problems else None
        looked = bool(problems or excuses) or rule.applies(proposal, setting)
        reason = because if because is not None and is_reason(because) else None
        verdict = Judgement(rule.name, level, rule.said(setting), problems, reason, looked, excuses)
        judgements.append(
            replace(verdict, problems=tuple(_weigh_problem(each, verdict, settings) for each in problems))
        )
    return tuple(judgements)


def unknown(allowed: Iterable[str]) -> str | None:
    """Return the first name that is not a rule, or None."""
    return next((name for name in allowed if name not in RULES), None)


def _fold_problems(rule: Rule, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    rest = len(problems) - SHOWN
    return problems if rest <= 0 else (*problems[:SHOWN], error(rule.code, f"{rest:,} more of the same rule"))


def _weigh_problem(problem: Problem, judgement: Judgement, settings: GuardrailSettings) -> Problem:
    """Return the problem with the severity of its rule's level, a position, and a hint how to allow it."""
    span = problem.span
    if span is None:
        place = settings.at(judgement.rule)
        span = place.span if place else None
    hint = problem.hint
    if judgement.verdict is Verdict.REFUSED and judgement.level is RuleLevel.OVERRIDE:
        way = f"if it is meant: --allow {judgement.rule} --because TEXT, or a reviewed entry under `allow`"
        hint = f"{hint}; {way}" if hint else way
    elif judgement.verdict is Verdict.REFUSED:
        hint = f"the rule is hard: only an edit of guardrails.{judgement.rule} lets this pass"
    elif judgement.verdict is Verdict.ALLOWED:
        hint = f"allowed: {judgement.because}"
    return replace(problem, severity=SEVERITIES[judgement.verdict], span=span, hint=hint)


def schema() -> dict[str, Any]:
    """Return the schema of ``guardrails`` in the project file."""
    settings = {
        name: {"description": rule.doc, "if": {"const": False}, "then": True, "else": rule.schema}
        for name, rule in RULES.items()
    }
    levels = {
        "type": "object",
        "description": "What an objection does: advisory only says it, override needs --allow and --because"
        " (the default), hard stands until this file changes.",
        "properties": {
            name: {"enum": [level.value for level in RuleLevel], "description": rule.doc}
            for name, rule in RULES.items()
        },
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": "Rules that a plan must pass before anything is sent. Write false to turn one off.",
        "properties": {**settings, "levels": levels},
        "additionalProperties": False,
    }


__all__ = ["RULES", "GuardrailSettings", "Mistake", "Names", "Proposal", "Rule", "judge", "schema", "unknown"]
