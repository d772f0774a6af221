"""The files of a manifests folder, and their text.

Never follows a link out of the folder, never reads what is no plain file, and never takes a folder that
cannot be read for an empty one: what is missing here would be deleted from the org (design.md, invariant 3).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.settings import ManifestSettings

CONFIGURATION_NAME = "reconciler.yaml"
"""The configuration file's name; next to manifests it is none of them."""

RESERVED = (CONFIGURATION_NAME, "policies", "overlays")
"""What lies beside the configuration and is no manifest, also where the manifests folder is the root."""

_SUFFIXES = (".yaml", ".yml", ".json")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What a YAML stream may not hold."""


@dataclass(slots=True)
class _Walk:
    """A walk over one folder; folders that links lead to are entered once.

    Args:
        pending: folders still to be entered: a list, since folders may nest deeper than calls.
    """

    top: Path
    root: Path
    pending: list[Path]
    files: list[tuple[str, Path]] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    seen: set[Path] = field(default_factory=set)


def find_files(folder: Path, *, root: Path) -> tuple[tuple[tuple[str, Path], ...], tuple[Diagnostic, ...]]:
    """Finds the manifest files of a folder, or takes the one file that is given.

    Args:
        folder: a folder, or a single file.
        root: what the names to show are relative to.

    Returns:
        Each file as the name to show and its path, in order of name; and what could not be looked at.
    """
    mode = _mode(folder)
    if mode is not None and stat.S_ISREG(mode):
        return ((shown_name(folder, root), folder),), ()
    if mode is None:
        message = f"there is no manifests folder {shown_name(folder, root)}"
        return (), (_problem("manifest.none", message, shown_name(folder, root), hint=_NONE_HINT),)
    walk = _Walk(Path(os.path.realpath(folder)), root, [folder])
    while walk.pending:
        _enter(walk.pending.pop(), walk)
    if not walk.files and not walk.diagnostics:
        walk.diagnostics.append(no_manifests(shown_name(folder, root)))
    return tuple(sorted(walk.files)), tuple(walk.diagnostics)


def no_manifests(folder: str) -> Diagnostic:
    """That a folder declares nothing, which never means "delete all"."""
    return _problem("manifest.none", f"{folder} holds no manifest", folder, hint=_NONE_HINT)


_NONE_HINT = (
    "put manifests (*.yaml, *.yml, *.json) there, or name their folder; "
    "to delete all that is managed, use destroy"
)


def read_text(path: Path, *, name: str, settings: ManifestSettings) -> str | Diagnostic:
    """Reads a file as UTF-8, or says why it is no text; a byte order mark is skipped.

    Args:
        name: the name to show.
    """
    try:
        raw = _read_bytes(path, settings.max_file_bytes)
    except OSError as error:
        return _problem("manifest.unreadable", f"{name} cannot be read: {error.strerror or error}", name)
    if raw is None:
        return _problem("manifest.unreadable", f"{name} is no plain file", name)
    if len(raw) > settings.max_file_bytes:
        message = f"{name} is larger than {settings.max_file_bytes:,} bytes"
        return _problem("manifest.too-large", message, name, hint="split it into several files")
    return _decode(raw, name)


def shown_name(path: Path, root: Path) -> str:
    """A path as messages show it: relative to `root` where it is inside, with forward slashes."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links, which renames files
    base = Path(os.path.abspath(root))  # noqa: PTH100
    return (absolute.relative_to(base) if absolute.is_relative_to(base) else absolute).as_posix()


def _enter(folder: Path, walk: _Walk) -> None:
    name = shown_name(folder, walk.root)
    real = Path(os.path.realpath(folder))
    if real in walk.seen:
        return
    walk.seen.add(real)
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        message = f"{name} cannot be read: {error.strerror or error}"
        walk.diagnostics.append(_problem("manifest.unreadable", message, name))
        return
    for entry in _visible(entries, walk):
        _take(entry, walk)


def _visible(entries: list[Path], walk: _Walk) -> Iterator[Path]:
    reserved = {walk.root / name for name in RESERVED}
    return (entry for entry in entries if not entry.name.startswith(".") and entry not in reserved)


def _take(entry: Path, walk: _Walk) -> None:
    """Notes a file, a folder, or that nobody can tell: what is passed over would be deleted from the org."""
    name = shown_name(entry, walk.root)
    is_manifest = entry.name.lower().endswith(_SUFFIXES)
    try:
        leads_to_folder = None if _is_broken_link(entry) else stat.S_ISDIR(entry.stat().st_mode)
        is_link = entry.is_symlink()
    except OSError as error:
        message = f"{name} cannot be looked at: {error.strerror or error}"
        walk.diagnostics.append(_problem("manifest.unreadable", message, name))
        return
    if is_link and (is_manifest or leads_to_folder is not False) and (refused := _why_refused(entry, walk)):
        hint = "put a copy in its place" if "outside" in refused else "remove the link"
        walk.diagnostics.append(_problem("manifest.unreadable", f"{name} {refused}", name, hint=hint))
    elif leads_to_folder:
        walk.pending.append(entry)
    elif is_manifest and (real := Path(os.path.realpath(entry))) not in walk.seen:
        walk.seen.add(real)
        walk.files.append((name, entry))


def _is_broken_link(entry: Path) -> bool:
    """Whether an entry is a link that leads nowhere: perhaps to a folder that is not mounted."""
    return entry.is_symlink() and _mode(entry) is None


def _mode(path: Path) -> int | None:
    """What a path leads to; None where nothing is, or nothing that can be looked at."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return None


def _why_refused(link: Path, walk: _Walk) -> str | None:
    """What is wrong with a link; None when it leads to something else inside the folder."""
    try:
        target = link.resolve(strict=True)
    except RuntimeError:
        return "is a link that leads to itself"
    except OSError as error:
        is_loop = "symbolic links" in (error.strerror or "")
        return "is a link that leads to itself" if is_loop else "is a link that leads nowhere"
    if not target.is_relative_to(walk.top):
        return "is a link to a place outside the manifests folder"
    if Path(os.path.realpath(link.parent)).is_relative_to(target):
        return "is a link to a folder that holds it"
    return None


def _read_bytes(path: Path, most: int) -> bytes | None:
    """At most one byte more than allowed; None for a pipe, socket or device, which might never end."""
    if not stat.S_ISREG(path.stat().st_mode):
        return None
    # Asked again, of the open file: another may stand in its place by now, and opening a pipe must not wait.
    with open(path, "rb", opener=_open_at_once) as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            return None
        return opened.read(most + 1)


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _decode(raw: bytes, name: str) -> str | Diagnostic:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = len(raw[raw.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8", "replace")) + 1
        hint = "save the file as UTF-8"
        return _problem("manifest.unreadable", "the file is no UTF-8 text", name, (line, column), hint=hint)
    found = _UNPRINTABLE.search(text)
    if found is None:
        return text
    before = text[: found.start()]
    place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    message = f"the file holds the control character U+{ord(found.group()):04X}"
    hint = 'remove it, or write it as an escape in double quotes, as in "\\u001b"'
    return _problem("manifest.unreadable", message, name, place, hint=hint)


def _problem(
    code: str, message: str, name: str, place: tuple[int, int] | None = None, *, hint: str | None = None
) -> Diagnostic:
    line, column = place or (None, None)
    return Diagnostic(Severity.ERROR, code, message, hint, None, name, line, column)
