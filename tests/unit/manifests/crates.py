"""Two made-up kinds, and what tests of manifests share: the code under test must not know a real kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from reconciler.kinds.base import Endpoint, Kind
from reconciler.kinds.fields import As, Combine, Immutable, Scope, SpecModel, Text, WriteOnly
from reconciler.kinds.texts import MAY_BE_LATE
from reconciler.manifests import LoadedManifests, Variables, load_manifests
from reconciler.model.diagnostics import Diagnostic, InvalidManifests
from reconciler.model.resource import Resource
from reconciler.model.values import JsonValue, TreeObject
from reconciler.settings import ManifestSettings


def _seal(value: object) -> object:
    if value == "broken":
        raise PydanticCustomError("crate.seal", "a broken seal seals nothing")
    return value


class PartSpec(SpecModel):
    """An element of a keyed list."""

    name: Annotated[str, Field(min_length=1, max_length=20)]
    count: Annotated[int, Field(ge=1, le=9)] = 1
    links_to: Text | None = None


class BoxSpec(SpecModel):
    """A nested object."""

    colour: Annotated[str, Field(pattern=r"^#[0-9a-f]{3}$"), MAY_BE_LATE] | None = None
    size: Literal["small", "large"] = "small"


class CrateSpec(SpecModel):
    """A crate, in a yard."""

    yard_id: Annotated[Text, Scope(), Immutable()]
    name: Text
    note: Text | None = None
    weight: Annotated[float, Field(gt=0)] | None = None
    open: bool | None = None
    box: BoxSpec | None = None
    parts: Annotated[Annotated[list[PartSpec], Field(max_length=3)] | None, As(Combine.KEYED, "name")] = None
    tags: list[str] | None = None
    extra: dict[str, object] | None = None
    secret: Annotated[str, Field(max_length=50), MAY_BE_LATE, WriteOnly()] | None = None
    seal: Annotated[str | None, BeforeValidator(_seal)] = None


class Crate(Kind[CrateSpec]):
    """Crates are known by yard and name."""

    name = "Crate"
    spec = CrateSpec
    endpoint = Endpoint(
        collection="/yards/{yardId}/crates",
        natural_key=("yardId", "name"),
        read_scope="crates:read",
        write_scope="crates:write",
    )

    def rules(self, resource: Resource, spec: CrateSpec) -> Iterable[Diagnostic]:
        """A heavy crate is large."""
        if (spec.weight or 0) > 100 and (spec.box is None or spec.box.size == "small"):
            yield resource.diagnostic("crate.heavy", "a heavy crate is large", path="/spec/weight")

    def peer_rules(self, resources: Sequence[Resource]) -> Iterable[Diagnostic]:
        """At most three crates."""
        for resource in resources[3:]:
            yield resource.diagnostic("crate.too-many", "there are three crates at most", path="/spec")


class LabelSpec(SpecModel):
    """A label, whose key the manifest decides."""

    key: Text | None = None
    text: Text | None = None
    parent: Text | None = None


class Label(Kind[LabelSpec]):
    """Labels are known by their key, which is also their remote id."""

    name = "Label"
    spec = LabelSpec
    endpoint = Endpoint(
        collection="/labels", natural_key=("key",), read_scope="labels:read", write_scope="labels:write"
    )

    def complete(self, resource: Resource) -> TreeObject:
        """The key is the name where nothing else is said."""
        return {"key": resource.address.name, **resource.spec}

    def known_id(self, document: TreeObject) -> str | None:
        """The key."""
        return self.natural_key(document)

    def references(self, document: TreeObject) -> Iterable[tuple[str, str, str]]:
        """The parent, by key."""
        parent = document.get("parent")
        if isinstance(parent, str):
            yield "/parent", "Label", parent


KINDS: Mapping[str, Kind[Any]] = {"Crate": Crate(), "Label": Label()}

CRATE = """\
apiVersion: reconciler/v1
kind: Crate
metadata:
  name: one
spec:
  yardId: y1
  name: One
"""


def crate(name: str = "one", **members: str) -> str:
    """A crate's manifest; members of spec as YAML text, each on a line of its own from line 8 on."""
    title = name.title() if name.isalnum() else "One"
    head = CRATE.replace("name: one", f"name: {name}").replace("name: One", f"name: {title}")
    return head + "".join(f"  {key}: {value}\n" for key, value in members.items())


def label(name: str, **members: str) -> str:
    """A label's manifest; members of spec as YAML text, each on a line of its own from line 6 on."""
    lines = [f"  {key}: {value}\n" for key, value in members.items()] or ["  text: x\n"]
    head = f"apiVersion: reconciler/v1\nkind: Label\nmetadata:\n  name: {name}\nspec:\n"
    return head + "".join(lines)


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Writes files under `root/manifests`, and answers that folder."""
    folder = root / "manifests"
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def load(
    root: Path,
    *contents: str,
    variables: Mapping[str, JsonValue] | None = None,
    environ: Mapping[str, str] | None = None,
    settings: ManifestSettings | None = None,
    org: str = "",
    is_partial: bool = False,
) -> LoadedManifests:
    """Loads the documents given, as one file `manifests/a.yaml`; those under `root` when none is given."""
    if contents:
        write(root, {"a.yaml": "---\n".join(contents)})
    return load_manifests(
        root / "manifests",
        root=root,
        kinds=KINDS,
        variables=Variables(
            variables or {}, ["TOKEN", "RECONCILER_TOKEN", "CLIENT"], environ or {}, ["CLIENT"]
        ),
        settings=settings or ManifestSettings(),
        org=org,
        is_partial=is_partial,
    )


def problems(root: Path, *contents: str, **given: Any) -> tuple[Diagnostic, ...]:  # noqa: ANN401 - passed on
    """What is wrong with the documents given."""
    try:
        return load(root, *contents, **given).diagnostics
    except InvalidManifests as invalid:
        return invalid.diagnostics


def places(found: Iterable[Diagnostic]) -> list[tuple[str, int | None, int | None]]:
    """Code, line and column of each."""
    return [(problem.code, problem.line, problem.column) for problem in found]
