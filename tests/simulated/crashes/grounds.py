"""The ground a crash leaves: folder and org, taken down, put back, and told apart."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reconciler.model.state import Prior
from reconciler.sandbox import SandboxOrg
from tests.simulated.apply.bench import Bench

Document = dict[str, Any]
Objects = Mapping[str, Mapping[str, Document]]

DATABASE = "reconciler.sqlite3"
MEMORY = ("keys", "settlements")
"""What the org remembers besides its objects: a next run may leave more of it than an undisturbed one."""
OWN = ("id", "selfUri", "dateCreated", "dateModified")
"""Members that are never the same twice."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The files of the state's folder, and the org's objects, at one moment."""

    files: Mapping[str, bytes]
    objects: Objects

    @classmethod
    def of(cls, work: Bench) -> Ground:
        """As it is now."""
        return cls(_files(work.folder / "state"), _objects(work.org))

    def restore(self, work: Bench) -> None:
        """Makes folder and org what they were."""
        folder = work.folder / "state"
        for path in folder.glob("*"):
            path.unlink()
        for name, content in self.files.items():
            folder.mkdir(mode=0o700, exist_ok=True)
            (folder / name).write_bytes(content)
        if not self.files and folder.exists():
            folder.rmdir()
        with work.org.at_rest():
            for name, documents in self.objects.items():
                work.org.collection(name).load(documents)
        work.org.forget_requests()
        work.org.clear_faults()

    def since(self, earlier: Ground) -> dict[str, list[str]]:
        """What the org holds that it did not hold before, by collection; what is gone, as `gone`."""
        found: dict[str, list[str]] = {}
        for name, documents in self.objects.items():
            known = earlier.objects[name]
            moved = [_as_text(each) for key, each in documents.items() if known.get(key) != each]
            gone = [f"gone: {key}" for key in known if key not in documents]
            if (moved or gone) and name not in MEMORY:
                found[name] = sorted(moved) + sorted(gone)
        return found

    def trace(self, earlier: Ground) -> str:
        """All that a next run can tell this ground by; numbers that are drawn at random are alike."""
        store = "\n".join(_rows(self.files))
        org = json.dumps([self.objects[name] for name in MEMORY]) + json.dumps(self.since(earlier))
        return _alike(f"{sorted(map(_alike, self.files))} {store} {org}")


def kept(prior: Prior) -> list[str]:
    """Prior state without what no two runs have in common."""
    entries = [replace(entry, applied_at=None, plan_fingerprint=None) for entry in prior.entries.values()]
    return sorted(str(replace(entry, remote_id="")) for entry in entries)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}


def _objects(org: SandboxOrg) -> Objects:
    with org.at_rest():
        # Documents are never altered in place, so there is nothing to copy.
        return {
            name: {key: entry.document for key in found if (entry := found.peek(key)) is not None}
            for name in org.names()
            for found in (org.collection(name),)
        }


def _as_text(document: Document) -> str:
    return json.dumps({name: value for name, value in document.items() if name not in OWN}, sort_keys=True)


def _rows(files: Mapping[str, bytes]) -> Iterator[str]:
    """The store's rows, read from a copy: looking must not tidy up after the crash."""
    if DATABASE not in files:
        return
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        with closing(sqlite3.connect(Path(folder, DATABASE))) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            for (table,) in tables.fetchall():
                yield f"{table}: {connection.execute(f'SELECT * FROM {table}').fetchall()}"  # noqa: S608  # its own name


_IDS = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # objects
    r"|\b[0-9a-f]{16,64}\b"  # runs, keys, hashes, tokens
)
_MEASURES = re.compile(
    r"\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|\+00:00)?"  # times
    r"|b'(?:[^'\\]|\\.)*'|b\"(?:[^\"\\]|\\.)*\""  # the key of digests
    r"|\"(?:latency_ms|waited_s|at)\": ?[0-9.]+|\d{4,}"  # durations, and numbers of processes
)


def _alike(text: str) -> str:
    """Ids by the order in which they come; what a clock or the system said, gone."""
    seen: dict[str, str] = {}
    named = _IDS.sub(lambda found: seen.setdefault(found.group(), f"<{len(seen)}>"), text)
    return _MEASURES.sub("~", named)
