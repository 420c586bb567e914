"""Words of the code: a function is named by a verb, and no text personifies a part of the program."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "reconciler"
PARTICIPLES = frozenset(
    [
        "told",
        "said",
        "seen",
        "moved",
        "begun",
        "sent",
        "shown",
        "taken",
        "written",
        "spent",
        "drawn",
        "made",
        "known",
        "kept",
        "held",
        "found",
        "left",
        "given",
        "gone",
        "met",
        "lost",
        "chosen",
        "hidden",
        "done",
        "again",
        "around",
        "beside",
        "about",
        "when",
        "because",
        "beyond",
        "between",
        "once",
        "elsewhere",
    ]
)
PERSONS = re.compile(r"\b(nobody|somebody|anybody|everybody|whoever|believe[sd]?|believing)\b", re.IGNORECASE)


def trees() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(ROOT.rglob("*.py")):
        if "sandbox" not in file.relative_to(ROOT).parts[:1]:
            yield str(file.relative_to(ROOT)), ast.parse(file.read_text(encoding="utf-8"))


def is_bare_participle(name: str) -> bool:
    word = name.strip("_")
    return word in PARTICIPLES or ("_" not in word and word.endswith("ed") and not word.endswith(("eed", "bed")))


def test_no_function_has_a_bare_participle_for_a_name() -> None:
    found = [
        f"{file}:{node.lineno} {node.name}"
        for file, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and is_bare_participle(node.name)
        if not any("property" in ast.unparse(each) for each in node.decorator_list)
    ]
    assert not found, "name it by a verb: " + ", ".join(found)


def test_no_text_of_the_code_speaks_of_persons_that_do_not_exist() -> None:
    found = [
        f"{file}:{node.lineno} {node.value!r}"
        for file, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and PERSONS.search(node.value)
    ]
    catalogue = (ROOT / "reports" / "problems.toml").read_text(encoding="utf-8")
    assert not [*found, *PERSONS.findall(catalogue)]
