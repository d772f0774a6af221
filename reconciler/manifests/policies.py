"""Policies: what a team asks of its manifests beyond what the platform does (`policies/*.yaml`).

Each document is a rule: which resources it is for, and what a field of theirs must be. What is wrong with a
manifest is told at the field's own line, with the code `policy.<name>`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from reconciler.kinds.fields import SpecModel
from reconciler.manifests.documents import Document, spoken
from reconciler.manifests.envelope import Day
from reconciler.manifests.files import find_files, read_text
from reconciler.manifests.requirements import (
    WITHOUT_VALUE,
    Operator,
    Requirement,
    is_number,
    pattern_problem,
)
from reconciler.manifests.suggestions import did_you_mean, listed
from reconciler.manifests.validation import Part, validate
from reconciler.manifests.yaml_documents import read_documents
from reconciler.model.address import NAME
from reconciler.model.diagnostics import Diagnostic, InvalidManifests, Severity, errors_in
from reconciler.model.resource import Resource
from reconciler.model.values import Tree, TreeObject, tokens, value_at
from reconciler.settings import ManifestSettings

FOLDER = "policies"
"""Where they are, beside the configuration."""

_INVALID = "manifest.invalid-value"
_ROOTS = ("metadata", "lifecycle", "spec")


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule.

    Args:
        kinds: globs.
        until: the last day (UTC) on which it holds; None: it always does.
        message: why, for whoever breaks it.
        place: where the rule is written.
    """

    name: str
    kinds: tuple[str, ...]
    labels: Mapping[str, str]
    requirement: Requirement
    severity: Severity
    until: date | None
    message: str | None
    place: str

    def judge(self, resource: Resource) -> Iterator[Diagnostic]:
        """What is wrong with a manifest."""
        if self._is_for(resource):
            for found in self.requirement.violations(_document(resource)):
                yield resource.diagnostic(
                    f"policy.{self.name}",
                    f"{spoken(found.pointer)} {self.requirement.words}",
                    path=found.pointer,
                    hint=f"{self.message} ({self.place})" if self.message else f"the rule is at {self.place}",
                    severity=self.severity,
                )

    def _is_for(self, resource: Resource) -> bool:
        has_labels = all(resource.labels.get(name) == value for name, value in self.labels.items())
        return has_labels and any(fnmatchcase(resource.address.kind, kind) for kind in self.kinds)


def load_policies(root: Path, settings: ManifestSettings, kinds: Collection[str] = ()) -> tuple[Policy, ...]:
    """Reads all policies of a project, by name; none where there is no folder.

    Args:
        kinds: those that there are; a policy for none of them is an error. With none given, any may be.

    Raises:
        InvalidManifests: a policy cannot be read, is for a kind that there is not, or two have one name.
    """
    folder = root / FOLDER
    if not folder.is_dir():
        return ()
    problems: list[Diagnostic] = []
    policies: dict[str, Policy] = {}
    for document in _documents(folder, root, settings, problems):
        policy = _read(document, problems)
        problems += _strangers(policy, document, kinds) if policy else ()
        if policy is not None and policies.setdefault(policy.name, policy) is not policy:
            first = policies[policy.name].place
            message = f"there are two policies {policy.name}; the first is at {first}"
            problems.append(document.diagnostic("manifest.duplicate-identity", message, path="/name"))
    if errors_in(problems):
        raise InvalidManifests(problems)
    return tuple(policies[name] for name in sorted(policies))


def judge_policies(
    policies: Iterable[Policy], resources: Iterable[Resource], today: date
) -> Iterator[Diagnostic]:
    """What the policies that hold today say against the manifests."""
    holding = [policy for policy in policies if policy.until is None or today <= policy.until]
    for resource in resources if holding else ():
        for policy in holding:
            yield from policy.judge(resource)


# -- the documents ---------------------------------------------------------------------------------------


def _pointer(value: object) -> object:
    if isinstance(value, str) and not value.startswith("/"):
        text = "{value} is no path: write it as in /description or /metadata/labels/team"
        raise PydanticCustomError(_INVALID, text, {"value": value[:120]})
    return value


def _name(value: object) -> object:
    if isinstance(value, str) and not NAME.fullmatch(value):
        text = "{value} is no name: use a-z, 0-9, '-', '_' and '.', starting with a letter or digit"
        raise PydanticCustomError(_INVALID, text, {"value": value[:120]})
    return value


class MatchModel(SpecModel):
    """Which resources a policy is for; a kind may be a glob."""

    kind: str | list[str] = "*"
    labels: dict[str, str] = Field(default_factory=dict)


class RequireModel(SpecModel):
    """What a field must be."""

    path: Annotated[str, BeforeValidator(_pointer)]
    operator: Annotated[Operator, Field(strict=False)]
    value: object = None


def _with_value(require: RequireModel) -> RequireModel:
    has_value = "value" in require.model_fields_set
    if has_value == (require.operator in WITHOUT_VALUE):
        how = "takes no value" if has_value else "needs a value"
        raise PydanticCustomError(_INVALID, "{problem}", {"problem": f"{require.operator} {how}"})
    problem = _value_problem(require.operator, require.value)  # type: ignore[arg-type]  # JSON, as it was read
    if problem:
        raise PydanticCustomError(_INVALID, "{problem}", {"problem": problem})
    return require


def _value_problem(operator: Operator, value: Tree) -> str | None:
    match operator:
        case Operator.MATCHES | Operator.NOT_MATCHES:
            return pattern_problem(value)
        case Operator.IN | Operator.NOT_IN if not isinstance(value, list):
            return f"{operator} needs a list of values"
        case Operator.AT_LEAST | Operator.AT_MOST if not is_number(value):
            return f"{operator} needs a number"
        case _:
            return None


class PolicyModel(SpecModel):
    """A whole policy."""

    name: Annotated[str, BeforeValidator(_name)]
    match: MatchModel = Field(default_factory=MatchModel)
    require: Annotated[RequireModel, AfterValidator(_with_value)]
    severity: Annotated[Severity, Field(strict=False)] = Severity.ERROR
    until: Day | None = None
    message: str | None = None


def _documents(
    folder: Path, root: Path, settings: ManifestSettings, problems: list[Diagnostic]
) -> Iterator[Document]:
    files, found = find_files(folder, root=root)
    problems += (problem for problem in found if problem.code != "manifest.none")
    for name, path in files:
        text = read_text(path, name=name, settings=settings)
        if isinstance(text, Diagnostic):
            problems.append(text)
            continue
        content = read_documents(text, file=name, settings=settings)
        problems += content.diagnostics
        yield from content.documents


def _read(document: Document, problems: list[Diagnostic]) -> Policy | None:
    problems += document.diagnostics
    if not isinstance(document.value, Mapping):
        problems.append(document.diagnostic(_INVALID, "a policy is a mapping with name and require"))
        return None
    validated = validate(PolicyModel, document.value, Part(document))
    problems += validated.diagnostics
    model = validated.model
    if model is None:
        return None
    path = tokens(model.require.path)
    return Policy(
        model.name,
        (model.match.kind,) if isinstance(model.match.kind, str) else tuple(model.match.kind),
        model.match.labels,
        Requirement(
            path if path[0] in _ROOTS else ("spec", *path),
            model.require.operator,
            model.require.value,  # type: ignore[arg-type]  # JSON, as it was read
        ),
        model.severity,
        model.until,
        model.message,
        f"{document.file}:{document.line}",
    )


def _strangers(policy: Policy, document: Document, kinds: Collection[str]) -> Iterator[Diagnostic]:
    """Kinds that there are not: a policy that is misspelt would never speak."""
    is_list = isinstance(value_at(document.value, "/match/kind"), list) if policy.kinds != ("*",) else False
    for index, kind in enumerate(policy.kinds if kinds else ()):
        if not any(fnmatchcase(known, kind) for known in kinds):
            path = f"/match/kind/{index}" if is_list else "/match/kind"
            hint = did_you_mean(kind, kinds, otherwise=f"there are {listed(kinds)}")
            message = f"there is no kind {kind}"
            yield document.diagnostic("manifest.unknown-kind", message, path=path, hint=hint)


def _document(resource: Resource) -> TreeObject:
    """The manifest as a policy sees it."""
    lifecycle = resource.lifecycle
    return {
        "metadata": {"name": resource.address.name, "labels": dict(resource.labels)},
        "lifecycle": {
            "adopt": lifecycle.adopt,
            "preventDestroy": lifecycle.prevent_destroy,
            "onRemove": lifecycle.on_remove,
            "ignoreChanges": [ignored.path for ignored in lifecycle.ignore_changes],
        },
        "spec": resource.spec,
    }
