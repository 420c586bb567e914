"""``guardrails.md``: every rule, what may be written for it, and how it is reported."""

from markdown import page, words

from reconciler.guardrails import RULES
from reconciler.model import RuleLevel

LEVELS = {
    RuleLevel.ADVISORY: "it is said, and nothing stops",
    RuleLevel.OVERRIDE: "the plan is refused unless `--allow RULE --because TEXT` is given (the default)",
    RuleLevel.HARD: "the plan is refused until the file changes",
}


def pages() -> dict[str, str]:
    levels = "\n".join(f"- `{level.value}`: {LEVELS[level]}" for level in RuleLevel)
    rules = [
        f"## `{rule.name}`\n\n{rule.doc}\n\nSetting: {words(rule.schema)}."
        f"{_default(rule.default)} Code: [`{rule.code}`](problems.md#{rule.code})."
        for rule in RULES.values()
    ]
    return {
        "guardrails.md": page(
            "Guardrails",
            "Rules on money and on mass changes. They stand under `guardrails` in `reconciler.yaml`, and judge every plan"
            " before anything is sent. A plan that breaks one ends with [exit code 3](exit-codes.md#3)."
            " How to choose them: [guardrails for a cautious team](../how-to/guardrails-for-a-cautious-team.md).",
            f"## Levels\n\n`guardrails.levels` says what an objection does, by the name of the rule:\n\n{levels}",
            *rules,
        )
    }


def _default(default: object) -> str:
    return "" if default is None else f" On unless it is `false`; default `{str(default).lower()}`."
