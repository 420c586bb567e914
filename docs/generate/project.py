"""``project-file.md``: what may stand in ``reconciler.yaml``, by its schema."""

from markdown import page, properties

from reconciler.config.schema_builder import build_project_schema


def pages() -> dict[str, str]:
    schema = build_project_schema()
    guardrails = schema["properties"]["guardrails"]
    schema["properties"]["guardrails"] = {key: guardrails[key] for key in ("type", "description")}
    return {
        "project-file.md": page(
            "The project file",
            "`reconciler.yaml` makes a folder a project. It says which API version is used, what the project covers, and"
            " the rules that hold. Every other YAML file in the folder, or those that `include` names, holds"
            " [resources](kinds/index.md). Each rule under `guardrails` is described [there](guardrails.md).",
            '```yaml\nversion: 1\nscope:\n  advertiserIds: ["1352"]\nguardrails:\n  maxRaisePercent: 50\n```',
            *properties(schema, "", 2),
        )
    }
