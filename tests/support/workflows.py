"""Plays a workflow of GitHub: jobs, matrices, steps, our action by its own steps, each job in a clone of its own.

What GitHub's own actions do is played: a checkout, an artifact. A job has the environment of a runner and nothing of
ours, and the shells are the ones that GitHub starts.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .clocks import INHERITED
from .expressions import STATUS, evaluate, filled

ACTION = re.compile(r"YOUR_ORG/reconciler@0{40}")
SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")


@dataclass
class Ended:
    """How a job, or all of one matrix, ended."""

    result: str = "success"
    outputs: dict[str, str] = field(default_factory=dict)
    said: str = ""
    summary: str = ""
    legs: dict[str, Ended] = field(default_factory=dict)


@dataclass
class Runner:
    """A machine that runs the workflows of a repository."""

    repository: Path
    action: Path
    temporary: Path
    environment: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    programs: tuple[Path, ...] = ()
    artifacts: Path = field(init=False)
    runs: int = 0

    def __post_init__(self) -> None:
        self.tool = self.temporary / "runner-temp"
        self.tool.mkdir(parents=True, exist_ok=True)

    def run(self, workflow: str, github: Mapping[str, Any]) -> dict[str, Ended]:
        """Every job of a workflow, in an order in which it finds what it needs."""
        file = self.repository / ".github" / "workflows" / workflow
        jobs = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"]
        self.runs += 1
        self.artifacts = self.temporary / f"artifacts-{self.runs}"
        github = {"repository": "shop/ads", "token": "gh-token", **github, "workflow": workflow}
        ended: dict[str, Ended] = {}
        for name in jobs:
            needs = jobs[name].get("needs", [])
            needed = {each: ended[each] for each in ([needs] if isinstance(needs, str) else needs)}
            ended[name] = self._job(name, jobs[name], needed, github)
        return ended

    def _job(self, name: str, job: Mapping[str, Any], needed: Mapping[str, Ended], github: Mapping[str, Any]) -> Ended:
        needs = {each: {"result": end.result, "outputs": end.outputs} for each, end in needed.items()}
        context = {"needs": needs, "github": github, "secrets": self.secrets, "matrix": {}}
        functions = _status(all(each.result == "success" for each in needed.values()))
        if not _wanted(job.get("if"), context, functions):
            return Ended("skipped")
        if "strategy" not in job:
            return self._leg(name, job, context)
        whole = Ended()
        for row in filled(job["strategy"]["matrix"], context)["include"]:
            leg = self._leg(f"{name} {row['slug']}", job, {**context, "matrix": row})
            whole.legs[row["project"]] = leg
            whole.said += leg.said
            whole.summary += leg.summary
        if any(each.result != "success" for each in whole.legs.values()):
            whole.result = "failure"
        return whole

    def _leg(self, name: str, job: Mapping[str, Any], context: Mapping[str, Any]) -> Ended:
        home = self.temporary / f"{self.runs} {name}"
        work = home / "work"
        work.mkdir(parents=True)
        machine = {"temp": str(self.tool), **self._files(home, work, context["github"])}
        steps: dict[str, Any] = {}
        ended = Ended()
        for step in job["steps"]:
            here = {**context, "steps": steps, "runner": machine}
            functions = {**_status(ended.result == "success"), "hashFiles": lambda name: (work / name).exists() or ""}
            if not _wanted(step.get("if"), here, functions):
                continue
            code, outputs, said = self._step(step, here, machine, work)
            ended.said += said
            if "id" in step:
                steps[step["id"]] = {"outputs": outputs, "outcome": "failure" if code else "success"}
            if code and not step.get("continue-on-error"):
                ended.result = "failure"
        ended.outputs = filled(job.get("outputs", {}), {**context, "steps": steps})
        ended.summary = (home / "summary").read_text(encoding="utf-8")
        return ended

    def _files(self, home: Path, work: Path, github: Mapping[str, Any]) -> dict[str, str]:
        (home / "summary").touch()
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(work),
            "GITHUB_REPOSITORY": github["repository"],
            "GITHUB_REF_NAME": github.get("ref_name", "main"),
            "GITHUB_WORKFLOW_REF": f"shop/ads/.github/workflows/{github['workflow']}@refs/heads/main",
            "GITHUB_STEP_SUMMARY": str(home / "summary"),
            "GITHUB_OUTPUT": str(home / "output"),
            "RUNNER_TEMP": str(self.tool),
        }

    def _step(
        self, step: Mapping[str, Any], here: Mapping[str, Any], machine: Mapping[str, str], work: Path
    ) -> tuple[int, dict[str, str], str]:
        given = filled(step.get("with", {}), here)
        env = filled(step.get("env", {}), here)
        if "run" in step:
            return self._shell(step["run"], env, machine, work)
        uses = step["uses"]
        if ACTION.fullmatch(uses):
            return self._action(given, env, machine, work)
        name = uses.partition("@")[0]
        return PLAYED[name](self, given, work), {}, ""

    def _action(
        self, given: Mapping[str, str], env: Mapping[str, str], machine: Mapping[str, str], work: Path
    ) -> tuple[int, dict[str, str], str]:
        """Our own action: its inputs with their defaults, and its steps."""
        action = yaml.safe_load((self.action / "action.yml").read_text(encoding="utf-8"))
        assert set(given) <= set(action["inputs"])
        inputs = {name: each.get("default", "") for name, each in action["inputs"].items()} | dict(given)
        steps: dict[str, Any] = {}
        printed = ""
        for step in action["runs"]["steps"]:
            here = {"inputs": inputs, "steps": steps, "github": {"action_path": str(self.action)}, "runner": machine}
            if "run" in step:
                assert step["shell"] == "bash"
                own = {**env, **filled(step["env"], here)}
                code, outputs, said = self._shell(step["run"], own, machine, work)
                steps[step["id"]] = {"outputs": outputs}
                printed += said
                if code:
                    break
        told = {"steps": {"run": {"outputs": {}}, **steps}}
        return code, {name: filled(each["value"], told) or "" for name, each in action["outputs"].items()}, printed

    def _shell(
        self, script: str, env: Mapping[str, str], machine: Mapping[str, str], work: Path
    ) -> tuple[int, dict[str, str], str]:
        output = Path(machine["GITHUB_OUTPUT"])
        output.write_text("", encoding="utf-8")
        path = os.pathsep.join(map(str, (*self.programs, "/usr/local/bin", "/usr/bin", "/bin")))
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        own = {
            "PATH": path,
            "HOME": str(self.temporary),
            "LANG": "C.UTF-8",
            **kept,
            **machine,
            **self.environment,
            **env,
        }
        done = subprocess.run(
            [*SHELL, "-c", script], cwd=work, env=own, capture_output=True, text=True, timeout=240, check=False
        )
        lines = output.read_text(encoding="utf-8").splitlines()
        return done.returncode, dict(line.split("=", 1) for line in lines), f"{done.stdout}{done.stderr}"

    def _checkout(self, given: Mapping[str, Any], work: Path) -> int:
        assert given["persist-credentials"] is False
        subprocess.run(["git", "clone", "-q", str(self.repository), str(work)], check=True)
        return 0

    def _upload(self, given: Mapping[str, Any], work: Path) -> int:
        for name in given["path"].split():
            if (work / name).exists():
                target = self.artifacts / given["name"] / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(work / name, target)
        return 0

    def _download(self, given: Mapping[str, Any], work: Path) -> int:
        if "name" in given:
            if not (self.artifacts / given["name"]).is_dir():
                return 1
            shutil.copytree(self.artifacts / given["name"], work / given.get("path", "."), dirs_exist_ok=True)
            return 0
        for each in self.artifacts.glob(given["pattern"]):
            shutil.copytree(each, work / given["path"] / each.name)
        return 0


PLAYED: Mapping[str, Callable[[Runner, Mapping[str, Any], Path], int]] = {
    "actions/checkout": Runner._checkout,
    "actions/upload-artifact": Runner._upload,
    "actions/download-artifact": Runner._download,
    "github/codeql-action/upload-sarif": lambda runner, given, work: 0 if (work / given["sarif_file"]).exists() else 1,
}


def _wanted(condition: str | None, context: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> bool:
    """Without a function that asks for the status, what failed or was left out before leaves out this too."""
    if condition is None or not STATUS.search(condition):
        return functions["success"]() and (condition is None or bool(evaluate(condition, context, functions)))
    return bool(evaluate(condition, context, functions))


def _status(good: bool) -> dict[str, Callable[..., Any]]:
    return {
        "always": lambda: True,
        "cancelled": lambda: False,
        "failure": lambda: not good,
        "success": lambda: good,
    }
