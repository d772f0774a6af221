"""Workflows of GitHub Actions, read and run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.cli.pipelines.expressions import Tree, filled, holds
from tests.cli.pipelines.forge import Forge
from tests.cli.pipelines.jobs import INSTALLING, Ran, Workshop

ACTIONS = {"actions/checkout@v5", "actions/setup-python@v6"}


@dataclass(frozen=True, slots=True)
class Event:
    """What starts workflows: its name, the commit it is about, and what the context `github` adds."""

    name: str
    commit: str
    ref: str = "refs/heads/main"
    more: Tree = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the repository's settings hold; an environment's secrets win over the repository's."""

    secrets: Mapping[str, str]
    environments: Mapping[str, Mapping[str, str]]
    variables: Mapping[str, str]


class Actions:
    """Runs the workflows of a commit."""

    def __init__(self, workshop: Workshop, forge: Forge, settings: Settings) -> None:
        self.settings = settings
        self._workshop = workshop
        self._forge = forge
        self._runs = 0

    def run(self, event: Event) -> dict[str, Ran]:
        """Runs what the event starts; the jobs by name."""
        clone = self._workshop.checkout(event.commit, depth=1)
        ran: dict[str, Ran] = {}
        for file in sorted((clone / ".github" / "workflows").glob("*.yml")):
            # As texts: `on` is a key here, and no truth value.
            workflow = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506
            if _is_started(workflow["on"], event):
                self._run_jobs(workflow, event, ran)
        return ran

    def _run_jobs(self, workflow: Mapping[str, Any], event: Event, ran: dict[str, Ran]) -> None:
        for name, job in workflow["jobs"].items():
            contexts = {"github": self._github(event), "inputs": event.inputs}
            has_failed = name_of_need(job) is not None and ran[name_of_need(job) or ""].code != 0
            if holds(job.get("if"), contexts, has_failed=has_failed):
                ran[name] = _Job(self._workshop, self._forge, self.settings, workflow, name).run(
                    event, contexts
                )

    def _github(self, event: Event) -> Tree:
        self._runs += 1
        return {
            "ref": event.ref,
            "sha": event.commit,
            "repository": "acme/contact-centre",
            "run_id": str(self._runs),
            "event_name": event.name,
            **event.more,
        }


def name_of_need(job: Mapping[str, Any]) -> str | None:
    """The job that has to go well before."""
    found = job.get("needs")
    assert found is None or isinstance(found, str)
    return found


@dataclass(slots=True)
class _Job:
    workshop: Workshop
    forge: Forge
    settings: Settings
    workflow: Mapping[str, Any]
    name: str

    def run(self, event: Event, contexts: Tree) -> Ran:
        """Runs the steps, in order."""
        job = self.workflow["jobs"][self.name]
        token = f"token-{len(self.forge.tokens)}"
        rights = job.get("permissions", self.workflow["permissions"])
        self.forge.tokens[token] = frozenset(right for right, level in rights.items() if level == "write")
        environment = self.settings.environments.get(job.get("environment", ""), {})
        contexts = {
            **contexts,
            "github": {**_tree(contexts["github"]), "token": token},
            "secrets": {**self.settings.secrets, **environment},
            "vars": self.settings.variables,
        }
        before = self.workshop.refs()
        ran = self._run_steps(job, event, contexts)
        if self.workshop.refs() != before:
            assert rights["contents"] == "write", f"{self.name} pushed without the right to"
        return ran

    def _run_steps(self, job: Mapping[str, Any], event: Event, contexts: Tree) -> Ran:
        outputs: dict[str, Mapping[str, str]] = {}
        steps: dict[str, Tree] = {}
        said, code, summary = "", 0, ""
        clone: Path | None = None
        for step in job["steps"]:
            known = {**contexts, "steps": steps}
            outcome = "skipped"
            if holds(step.get("if"), known, has_failed=bool(code)):
                if "uses" in step:
                    clone = self._use(step, event, known) or clone
                    continue
                assert clone is not None, "there is nothing yet to work on"
                ran = self._run_step(step, clone, known)
                said, summary = f"{said}\n## {step['name']}\n{ran.output}", summary + ran.summary
                outputs[step["name"]] = ran.outputs[""]
                code = code or ran.code
                outcome = "failure" if ran.code else "success"
            if "id" in step:
                found = outputs.get(step["name"], {})
                steps[step["id"]] = {"outcome": outcome, "outputs": found}
        return Ran(self.name, code, said, outputs, summary)

    def _use(self, step: Mapping[str, Any], event: Event, contexts: Tree) -> Path | None:
        assert step["uses"] in ACTIONS
        if not step["uses"].startswith("actions/checkout@"):
            return None
        given = {name: filled(value, contexts) for name, value in step.get("with", {}).items()}
        commit = given.get("ref", event.commit)
        return self.workshop.checkout(commit, depth=int(given.get("fetch-depth", "1")))

    def _run_step(self, step: Mapping[str, Any], clone: Path, contexts: Tree) -> Ran:
        script = step["run"]
        assert "${{" not in script, "an expression in a script is a way in for whoever writes its value"
        if step["name"] == "Install":
            assert INSTALLING.fullmatch(script.removeprefix("python -m ").strip()), script
            return Ran("", 0, "", {"": {}})
        assert "install" not in script
        github = _tree(contexts["github"])
        files = {name: clone.parent / f"{clone.name}-{name}" for name in ("output", "summary")}
        for file in files.values():
            file.write_text("", encoding="utf-8")
        env = {
            **{name: filled(value, contexts) for name, value in self.workflow["env"].items()},
            **{name: filled(value, contexts) for name, value in step.get("env", {}).items()},
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": "kim",
            "GITHUB_API_URL": self.forge.url,
            "GITHUB_SERVER_URL": "https://forge.example.com",
            "GITHUB_REPOSITORY": str(github["repository"]),
            "GITHUB_RUN_ID": str(github["run_id"]),
            "GITHUB_SHA": str(github["sha"]),
            "GITHUB_WORKSPACE": str(clone),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
        }
        ran = self.workshop.bash(script, cwd=clone, env=env)
        lines = files["output"].read_text(encoding="utf-8").splitlines()
        outputs = dict(line.split("=", 1) for line in lines)
        return Ran("", ran.code, ran.output, {"": outputs}, files["summary"].read_text(encoding="utf-8"))


def _is_started(on: object, event: Event) -> bool:
    if isinstance(on, str):
        return on == event.name
    assert isinstance(on, Mapping)
    if event.name not in on:
        return False
    branches = on[event.name]["branches"] if event.name == "push" else ["main"]
    return event.ref.removeprefix("refs/heads/") in branches or event.name != "push"


def _tree(found: str | Tree) -> Tree:
    assert isinstance(found, Mapping)
    return found
