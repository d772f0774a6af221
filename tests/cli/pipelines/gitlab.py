"""A pipeline of GitLab CI, read and run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from tests.cli.pipelines.forge import Forge
from tests.cli.pipelines.jobs import INSTALLING, Ran, Workshop

TOKEN = "project-token"
STATE_TOKEN = "state-token"

_INSTALLATION = ["python3 -m venv .venv", ". .venv/bin/activate"]
_RESERVED = {"stages", "workflow", "variables", "default"}
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_CLAUSE = re.compile(r'\$(\w+)(?: == (?:"([^"]*)"|\$(\w+)))?')


@dataclass(frozen=True, slots=True)
class Settings:
    """Variables of the project: those of all environments, and those of one."""

    variables: Mapping[str, str]
    environments: Mapping[str, Mapping[str, str]]


class Pipelines:
    """Runs the pipeline of a commit."""

    def __init__(self, workshop: Workshop, forge: Forge, settings: Settings) -> None:
        self.settings = settings
        self._workshop = workshop
        self._forge = forge
        forge.tokens[TOKEN] = frozenset({"pull-requests", "issues"})

    def run(self, source: str, commit: str, **more: str) -> dict[str, Ran]:
        """Runs the jobs that a push, merge request or schedule starts, stage after stage, until one fails."""
        clone = self._workshop.checkout(commit, depth=1)
        file = yaml.load((clone / ".gitlab-ci.yml").read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506
        known = {
            **self._predefined(source, commit),
            **more,
            **file["variables"],
            **self.settings.variables,
        }
        ran: dict[str, Ran] = {}
        if not any(_holds(rule["if"], known) for rule in file["workflow"]["rules"]):
            return ran
        for stage in file["stages"]:
            for name, job in _jobs_of(file, stage).items():
                if any(_holds(rule["if"], known) for rule in job["rules"]):
                    ran[name] = self._run_job(file["default"], job, known)
            if any(one.code for one in ran.values()):
                break
        return ran

    def _run_job(self, default: Mapping[str, Any], job: Mapping[str, Any], known: Mapping[str, str]) -> Ran:
        own = {**known, **self.settings.environments.get(job.get("environment", ""), {})}
        own |= {name: _expanded(value, own) for name, value in job.get("variables", {}).items()}
        clone = self._workshop.checkout(own["CI_COMMIT_SHA"], depth=int(own.get("GIT_DEPTH", "20")))
        before = default["before_script"]
        assert before[:2] == _INSTALLATION
        assert INSTALLING.fullmatch(before[2]), before[2]
        assert not any("install" in line for line in (*before[3:], *job["script"]))
        script = "\n".join([*before[3:], *job["script"]])
        ran = self._workshop.bash(script, cwd=clone, env=own, options=("-e", "-o", "pipefail"))
        _check_artifacts(job, [path.relative_to(clone).as_posix() for path in clone.rglob("run/*")], ran)
        return ran

    def _predefined(self, source: str, commit: str) -> dict[str, str]:
        forge_host = "gitlab.example.com"
        url = f"https://gitlab-ci-token:job-token@{forge_host}/acme/contact-centre.git"
        writes = f"https://oauth2:{STATE_TOKEN}@{forge_host}/acme/contact-centre.git"
        return {
            "CI": "true",
            "GITLAB_CI": "true",
            "GITLAB_USER_LOGIN": "kim",
            "CI_API_V4_URL": self._forge.url,
            "CI_COMMIT_SHA": commit,
            "CI_DEFAULT_BRANCH": "main",
            "CI_JOB_URL": "https://gitlab.example.com/jobs/1",
            "CI_PIPELINE_SOURCE": source,
            "CI_PROJECT_ID": "42",
            "CI_PROJECT_PATH": "acme/contact-centre",
            "CI_REPOSITORY_URL": url,
            "CI_SERVER_FQDN": forge_host,
            "CI_SERVER_PROTOCOL": "https",
            # Reading is for both tokens; only the state's may push.
            "GIT_CONFIG_COUNT": "3",
            "GIT_CONFIG_KEY_0": f"url.{self._workshop.origin}.insteadOf",
            "GIT_CONFIG_VALUE_0": url,
            "GIT_CONFIG_KEY_1": f"url.{self._workshop.origin}.insteadOf",
            "GIT_CONFIG_VALUE_1": writes,
            "GIT_CONFIG_KEY_2": "url.file:///nowhere.pushInsteadOf",
            "GIT_CONFIG_VALUE_2": url,
        }


def _jobs_of(file: Mapping[str, Any], stage: str) -> dict[str, Mapping[str, Any]]:
    jobs = {name: job for name, job in file.items() if name not in _RESERVED}
    assert {job["stage"] for job in jobs.values()} == set(file["stages"])
    return {name: job for name, job in jobs.items() if job["stage"] == stage}


def _check_artifacts(job: Mapping[str, Any], written: Sequence[str], ran: Ran) -> None:
    """What a job promises is there, unless it failed on the way."""
    artifacts = job.get("artifacts")
    if artifacts and ran.code == 0:
        assert {*artifacts["paths"], *artifacts["reports"].values()} <= set(written)


def _holds(rule: str, known: Mapping[str, str]) -> bool:
    return all(_clause_holds(clause, known) for clause in rule.split(" && "))


def _clause_holds(clause: str, known: Mapping[str, str]) -> bool:
    found = _CLAUSE.fullmatch(clause)
    assert found, clause
    value = known.get(found[1], "")
    if "==" not in clause:
        return bool(value)
    return value == (known.get(found[3], "") if found[3] else found[2])


def _expanded(value: str, known: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: known.get(found[1] or found[2], ""), value)
