"""Compatibility of schema versions: what the platform refuses, and what is legal but worth a warning.

Refused against the newest published or deprecated version (platform-api.md, section 8): a required field
removed, a field's type changed, a required field made optional. Warned about: a new required field, a
tightened constraint, an optional field removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.model.values import JsonObject, Secret, Tree, TreeObject, canonical_json, escape, late_values

Fields = Mapping[str, TreeObject]


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between two versions; `path` from inside spec, the field by its key."""

    path: str
    field: str
    message: str
    breaking: bool = False
    warning: bool = False

    @property
    def verdict(self) -> str:
        """As the plan's table says it."""
        return "refused" if self.breaking else "warning" if self.warning else "compatible"


@dataclass(frozen=True, slots=True)
class Verdict:
    """All differences between the version that binds and the next one."""

    findings: tuple[Finding, ...]
    from_version: int | None
    next_version: int

    @property
    def breaking(self) -> tuple[Finding, ...]:
        """What the platform refuses."""
        return tuple(found for found in self.findings if found.breaking)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is legal but may surprise."""
        return tuple(found for found in self.findings if found.warning)

    @property
    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """The plan's table."""
        return tuple((found.field, found.message, found.verdict) for found in self.findings)

    @property
    def message(self) -> str:
        """One line for people, with the exact next version."""
        if self.breaking:
            reasons = "; ".join(f"field {found.field}: {found.message}" for found in self.breaking)
            return f"version {self.next_version} would break version {self.from_version}: {reasons}"
        if self.warnings:
            reasons = "; ".join(f"field {found.field}: {found.message}" for found in self.warnings)
            return (
                f"version {self.next_version} is compatible with version {self.from_version}, but {reasons}"
            )
        if self.from_version is None:
            return f"version {self.next_version}: no published version binds it"
        return f"version {self.next_version} is compatible with version {self.from_version}"

    def as_json(self) -> JsonObject:
        """The check's data."""
        return {
            "from_version": self.from_version,
            "next_version": self.next_version,
            "breaking": [{"field": found.field, "message": found.message} for found in self.breaking],
            "warnings": [{"field": found.field, "message": found.message} for found in self.warnings],
        }


def compare_fields(old: Tree, new: Tree, *, from_version: int | None, next_version: int) -> Verdict:
    """The verdict on a schema's next version; without an old one everything is compatible."""
    findings: list[Finding] = []
    if from_version is not None:
        before, after = _by_name(old), _by_name(new)
        for name in sorted({*before, *after}):
            findings += _compare(name, before.get(name), after.get(name))
    return Verdict(tuple(findings), from_version, next_version)


def _compare(name: str, old: TreeObject | None, new: TreeObject | None) -> Iterator[Finding]:
    path = f"/fields/{escape(name)}"
    if old is None and new is not None:
        required = bool(new.get("required"))
        yield Finding(path, name, "new and required" if required else "new and optional", warning=required)
    elif new is None and old is not None:
        required = bool(old.get("required"))
        message = "required field removed" if required else "optional field removed"
        yield Finding(path, name, message, breaking=required, warning=not required)
    elif old is not None and new is not None:
        yield from _compare_kept(path, name, old, new)


def _compare_kept(path: str, name: str, old: TreeObject, new: TreeObject) -> Iterator[Finding]:
    if old.get("fieldtype") != new.get("fieldtype"):
        message = f"type changed from {old.get('fieldtype')} to {new.get('fieldtype')}"
        yield Finding(f"{path}/fieldtype", name, message, breaking=True)
    was, will_be = bool(old.get("required")), bool(new.get("required"))
    if was and not will_be:
        yield Finding(f"{path}/required", name, "required field made optional", breaking=True)
    elif will_be and not was:
        yield Finding(f"{path}/required", name, "optional field made required", warning=True)
    yield from _compare_constraints(path, name, old.get("constraints"), new.get("constraints"))


def _compare_constraints(path: str, name: str, old: Tree, new: Tree) -> Iterator[Finding]:
    before = old if isinstance(old, Mapping) else {}
    after = new if isinstance(new, Mapping) else {}
    for key in sorted({*before, *after}):
        if key in before and key in after and before[key] == after[key]:
            continue
        if any(isinstance(late, Secret) for _, late in late_values(after.get(key))):
            # The live value may be the same secret, in plain text: neither is shown.
            yield Finding(
                f"{path}/constraints", name, f"{key} holds a secret, which is not compared", warning=True
            )
            continue
        message = f"{key} {_text(before, key)} → {_text(after, key)}"
        tighter = key in after and (key not in before or _is_tighter(key, before[key], after[key]))
        yield Finding(f"{path}/constraints", name, message, warning=tighter)


def _is_tighter(key: str, old: Tree, new: Tree) -> bool:
    """Whether values that were legal no longer are; what cannot be told counts as tighter."""
    numbers = isinstance(old, int | float) and isinstance(new, int | float)
    if key in ("maxLength", "max") and numbers:
        return float(str(new)) < float(str(old))
    if key in ("minLength", "min") and numbers:
        return float(str(new)) > float(str(old))
    if key == "enum" and isinstance(old, list | tuple) and isinstance(new, list | tuple):
        return not {canonical_json(value) for value in old} <= {canonical_json(value) for value in new}
    return True


def _text(constraints: Mapping[str, Tree], key: str) -> str:
    return canonical_json(constraints[key]) if key in constraints else "none"  # type: ignore[arg-type]


def _by_name(fields: Tree) -> Fields:
    if not isinstance(fields, list | tuple):
        return {}
    return {str(field["name"]): field for field in fields if isinstance(field, Mapping) and "name" in field}
