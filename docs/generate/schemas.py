"""``schemas.md``: the JSON Schemas that are published, and how an editor finds them."""

from pathlib import Path

from markdown import page

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
MEANT = {
    "project.schema.json": "For `reconciler.yaml`: see [the project file](project-file.md).",
    "resources.schema.json": "For resource files: see [the kinds](kinds/index.md).",
    "report.schema.json": "For what `--format json` prints: a run of `validate`, `plan`, `show`, `apply`, `drift` or `rollback`, an `import`, and a checkup by `doctor`. The key `command` says which of them it is.",
    "plan.schema.json": "For a plan that `plan --out` saved.",
}


def pages() -> dict[str, str]:
    files = sorted(SCHEMAS.glob("*.json"))
    parts = [f"## `{file.name}`\n\n{MEANT[file.name]}" for file in files]
    return {
        "schemas.md": page(
            "Schemas",
            "JSON Schemas (draft 2020-12). `reconciler schema --out schemas` writes those of the files that people write;"
            " the package holds all of them. The first line of a file names the schema for an editor:",
            "```yaml\n# yaml-language-server: $schema=schemas/resources.schema.json\nadSets: {}\n```",
            "The editor then completes keys and words, shows what each means, and underlines what does not fit."
            " `reconciler validate` uses the same schemas, and knows the rules that cross fields beside them.",
            *parts,
        )
    }
