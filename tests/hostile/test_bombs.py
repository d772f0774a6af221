"""Classic bombs: small inputs that ask for much. Each ends in a diagnostic, in bounded time and memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import ExitCode
from tests.hostile.confined import Confined, run_confined
from tests.hostile.laws import assert_told

SLOWEST_S = 12.0
"""CPU seconds that any of them may take: the largest are read whole, on a machine that may be slow."""

CONFIGURATION = """\
apiVersion: reconciler/v1
kind: Config
defaultOrg: sandbox
vars: {{big: [{0}]}}
orgs: {{sandbox: {{sandbox: true}}}}
"""
HEAD = "apiVersion: reconciler/v1\nkind: Schema\nmetadata: {name: %s}\nspec:\n"
FIELD = (
    "  name: A\n"
    "  fields: [{name: x, fieldtype: reference, constraints: {referencedType: {$ref: Schema/%s}}}]\n"
)


def laughs() -> str:
    """Each line repeats the one before it nine times."""
    lines = ["a: &a [lol]\n"]
    lines += [
        f"{two}: &{two} [{','.join([f'*{one}'] * 9)}]\n"
        for one, two in zip("abcdefghi", "bcdefghij", strict=True)
    ]
    return "".join(lines)


def chain(count: int, target: Callable[[int], str]) -> str:
    """Schemas that refer to others."""
    return "---\n".join(HEAD % f"n{number}" + FIELD % target(number) for number in range(count))


BOMBS: dict[str, tuple[str, Callable[[], str | bytes], str]] = {
    "billion laughs": ("a.yaml", laughs, "manifest.too-large"),
    "laughs over documents": (
        "a.yaml",
        lambda: "a: &a [{}]\nb: [{}]\n---\n".format(",x" * 300, ",*a" * 300) * 300,
        "manifest.syntax",
    ),
    "merged laughs": ("a.yaml", lambda: laughs().replace("[*", "[{<<: *a}, *"), "manifest.too-large"),
    "self-reference": ("a.yaml", lambda: "a: &a [*a]\n", "manifest.syntax"),
    "flow nesting": ("a.yaml", lambda: "[" * 1_000_000, "manifest.too-large"),
    "flow mappings": ("a.yaml", lambda: "{a: " * 1_000_000, "manifest.too-large"),
    "block nesting": ("a.yaml", lambda: "- " * 1_000_000, "manifest.too-large"),
    "indentation": (
        "a.yaml",
        lambda: "".join(" " * depth + "a:\n" for depth in range(2000)),
        "manifest.too-large",
    ),
    "question marks": ("a.yaml", lambda: "? " * 1_000_000, "manifest.syntax"),
    "JSON nesting": ("a.json", lambda: "[" * 1_000_000, "manifest.too-large"),
    "JSON members": ("a.json", lambda: '{"a":' * 1_000_000, "manifest.too-large"),
    "anchors": ("a.yaml", lambda: "&a " * 1_000_000 + "x", "manifest.syntax"),
    "tags": ("a.yaml", lambda: "!!str " * 1_000_000 + "x", "manifest.syntax"),
    "long alias": ("a.yaml", lambda: "a: *" + "x" * 5_000_000, "manifest.syntax"),
    "long tag": ("a.yaml", lambda: "a: !" + "x" * 5_000_000 + " y", "manifest.invalid-value"),
    "tag directives": (
        "a.yaml",
        lambda: "".join(f"%TAG !a{n}! x\n" for n in range(100_000)) + "---\na: 1\n",
        "manifest.too-large",
    ),
    "open quote": ("a.yaml", lambda: 'a: "' + "x" * 10_000_000, "manifest.syntax"),
    "quotes": ("a.yaml", lambda: '"' * 10_000_001, "manifest.syntax"),
    "long line": ("a.yaml", lambda: 'a: "' + "x" * 10_000_000 + '"\n', "manifest.too-large"),
    "long key": ("a.yaml", lambda: '? "' + "k" * 900_000 + '"\n: 1\n', "manifest.too-large"),
    "long path": (
        "a.yaml",
        lambda: ('{"' + "k" * 1000 + '": ') * 40 + "[" + "a," * 90_000 + "]" + "}" * 40,
        "manifest.too-large",
    ),
    "repeated long path": (
        "a.yaml",
        lambda: (
            "a: &a [" + "b," * 300 + "]\n" + '{"k": ' * 0 + ('"%s": [' % ("k" * 1000)) + "*a," * 300 + "]\n"
        ),
        "manifest.too-large",
    ),
    "whole number": ("a.yaml", lambda: "a: " + "9" * 1_000_000, "manifest.invalid-value"),
    "hexadecimal": ("a.yaml", lambda: "a: 0x" + "f" * 1_000_000, "manifest.invalid-value"),
    "fraction": ("a.yaml", lambda: "a: 0." + "3" * 1_000_000, "manifest.missing-field"),
    "exponent": ("a.yaml", lambda: "a: 1e999999\n", "manifest.invalid-value"),
    "JSON number": ("a.json", lambda: '{"a": ' + "9" * 1_000_000 + "}", "manifest.invalid-value"),
    "comments": ("a.yaml", lambda: "# c\n" * 1_000_000, "manifest.none"),
    "NUL": ("a.yaml", lambda: b"\0" * 5_000_000, "manifest.unreadable"),
    "UTF-16": ("a.yaml", lambda: "a: b\n".encode("utf-16") * 100_000, "manifest.unreadable"),
    "UTF-32": ("a.yaml", lambda: "a: b\n".encode("utf-32"), "manifest.unreadable"),
    "half a character": ("a.yaml", lambda: b"a: \xed\xa0\x80\n", "manifest.unreadable"),
    "too large": ("a.yaml", lambda: b" " * (33 * 1024 * 1024), "manifest.too-large"),
    "variables": (
        "a.yaml",
        lambda: HEAD % "n" + "  x:\n" + "  - ${var.big}\n" * 50_000,
        "manifest.too-large",
    ),
    "variables of documents": (
        "a.yaml",
        lambda: "---\n".join(HEAD % f"n{n}" + "  x: ${var.big}\n" for n in range(500)),
        "manifest.too-large",
    ),
    "placeholders": ("a.yaml", lambda: HEAD % "n" + "  x: " + "${" * 400_000, "variable.unknown"),
    "unknown fields": (
        "a.yaml",
        lambda: HEAD % "n" + "".join(f"  zork{n}: 1\n" for n in range(10_000)),
        "manifest.unknown-field",
    ),
    "unknown references": ("a.yaml", lambda: chain(1000, lambda n: f"zz{n}"), "reference.unknown"),
    "ring": ("a.yaml", lambda: chain(1500, lambda n: f"n{(n + 1) % 1500}"), "reference.cycle"),
    "pattern": (
        "a.yaml",
        lambda: (
            HEAD % "n"
            + "  name: A\n  fields: [{name: x, fieldtype: string, constraints: {pattern: '%s'}}]\n"
            % ("(" * 5000 + ")" * 5000)
        ),
        "schema.constraint",
    ),
}
"""Name -> file, what it holds, and a code of its diagnostics."""


PLAN, STATE = ("show",), ("state", "push")
FILES: dict[str, tuple[tuple[str, ...], Callable[[], str], str]] = {
    "plan of lists": (
        PLAN,
        lambda: '{"format": "reconciler.plan/1", "changes": [' + "[]," * 500_000 + "[]]}",
        "plan.format",
    ),
    "plan of objects": (
        PLAN,
        lambda: '{"format": "reconciler.plan/1", "changes": [' + "{}," * 500_000 + "{}]}",
        "plan.format",
    ),
    "plan of values": (PLAN, lambda: "[" + "0," * 9_000_000 + "0]", "plan.format"),
    "plan of members": (PLAN, lambda: json.dumps(dict.fromkeys(map(str, range(600_000)))), "plan.format"),
    "deep plan": (PLAN, lambda: "[" * 1_000_000, "plan.format"),
    "plan of a number": (PLAN, lambda: '{"format": ' + "9" * 1_000_000 + "}", "plan.format"),
    "plan without an end": (PLAN, lambda: "/dev/zero", "plan.format"),
    "state of lists": (
        STATE,
        lambda: '{"format": "reconciler.state-file/1", "audit": [' + "[]," * 500_000 + "[]]}",
        "state.damaged",
    ),
    "state of objects": (
        STATE,
        lambda: '{"format": "reconciler.state-file/1", "resources": [' + "{}," * 500_000 + "{}]}",
        "state.damaged",
    ),
    "state of members": (STATE, lambda: json.dumps(dict.fromkeys(map(str, range(200_000)))), "state.damaged"),
    "deep state": (STATE, lambda: "[" * 1_000_000, "state.damaged"),
    "state of a number": (STATE, lambda: '{"serial": ' + "9" * 1_000_000 + "}", "state.damaged"),
    "state without an end": (STATE, lambda: "/dev/zero", "state.damaged"),
}
"""Name -> command, the text of its file or a device, and the code of its diagnostic."""


@pytest.fixture(scope="module")
def exploded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Confined]:
    """What the commands say of each bomb, each in a folder or a file of its own."""
    folder = tmp_path_factory.mktemp("bombs")
    (folder / "reconciler.yaml").write_text(CONFIGURATION.format(""))
    (folder / "large.yaml").write_text(CONFIGURATION.format("xxxxxxxx, " * 90_000))
    (folder / "laughs.yaml").write_text(laughs())
    manifests = {name: _manifest(folder / f"m{n}", *bomb[:2]) for n, (name, bomb) in enumerate(BOMBS.items())}
    files = {name: _file(folder / f"f{n}", *bomb[:2]) for n, (name, bomb) in enumerate(FILES.items())}
    laughing = {"configuration": ("validate", "--config", "laughs.yaml")}
    return run_confined(folder, {**manifests, **files, **laughing})


def _manifest(folder: Path, file: str, content: Callable[[], str | bytes]) -> tuple[str, ...]:
    bomb = content()
    raw = bomb if isinstance(bomb, bytes) else bomb.encode()
    folder.mkdir()
    (folder / file).write_bytes(raw)
    return ("validate", folder.name, "--config", "large.yaml" if b"${var.big}" in raw else "reconciler.yaml")


def _file(file: Path, command: tuple[str, ...], content: Callable[[], str]) -> tuple[str, ...]:
    if content() == "/dev/zero":
        return (*command, "/dev/zero")
    file.write_text(content())
    return (*command, file.name)


def test_bombs_end_in_a_diagnostic_within_bounds(exploded: dict[str, Confined]) -> None:
    expected = {name: (ExitCode.INVALID, code) for name, (_, _, code) in BOMBS.items()}
    expected |= {name: (ExitCode.CONFIG, code) for name, (_, _, code) in FILES.items()}
    expected["configuration"] = (ExitCode.CONFIG, "config.invalid")

    for name, ended in exploded.items():
        assert_told(ended.ran, [expected[name][0]])
    codes = {name: _codes(ended) for name, ended in exploded.items()}
    assert {name: code in codes[name] for name, (_, code) in expected.items()} == dict.fromkeys(
        expected, True
    ), codes
    assert [name for name, ended in exploded.items() if ended.cpu_s > SLOWEST_S] == []


def _codes(ended: Confined) -> set[str]:
    return set(re.findall(r"^error\[(.*?)\]", ended.ran.out + ended.ran.err, re.MULTILINE))
