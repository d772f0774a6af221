"""Damage: documents and bytes as somebody might alter them, by accident or on purpose."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

Tree = Any
Steps = tuple[str | int, ...]

TOKENS: tuple[bytes, ...] = (
    *(b"&a ", b"*a", b"<<: *a", b"- ", b"? ", b": ", b"|\n", b">-\n", b"'", b'"', b"#", b"---\n", b"...\n"),
    *(b"!!python/object/apply:os.system [touch x]", b"!!binary ", b"!!set ", b"!x ", b"!!timestamp ", b"!"),
    *(b"%YAML 9.9\n", b"%TAG ! tag:x\n", b"${var.", b"${env.HOME}", b"${env.", b"}", b"$${", b"{$ref: "),
    *(b"{$lookup: Queue/", b"$secret", b"$unknown", b"\x00", b"\x1b[2J", b"\xff", b"\xc3", b"\xed\xa0\x80"),
    *(b"\xef\xbb\xbf", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\\ud800", b"\\u0000", b"\t", b"\r"),
    *(b"1e999999", b"-.inf", b".nan", b"0x", b"9" * 400, b"0." + b"3" * 400, b"~", b"null", b"!!int x"),
    *(b"[" * 80, b"{" * 80, b"]", b"}", b",", b"::error::", b"/" * 90, b"a" * 1100, b"NaN", b"Infinity"),
)
"""What readers of YAML and JSON trip over."""

ODD_TEXTS: tuple[str, ...] = (
    *("", " ", "\x00", "\ud800", "\udcff", "\x1b[2J", "\u202e", "\n::error::x", "a\nb", "x" * 5000, "…"),
    *("../../etc/passwd", "/etc/passwd", "@evil.example/", "//evil.example/", "https://evil.example/x"),
    *(".", "..", "%2e%2e", "a/b", "a/b/c", "Schema/customer", "Nothing/x", "Schema/", "/", "#", "~2", "{x}"),
    *("$ref", "${env.HOME}", "NaN", "-0", "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+23:59", "null"),
    *("DELETE", "delete", "create", "0" * 64, "f" * 64, "9999-12-31", "{remote_id}", "café", "1", "true"),
)
ODD_NUMBERS: tuple[float, ...] = (
    *(0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**30, 10**400, 1e308, -1e308, 5e-324, 0.5, 1e16),
)
ODD_VALUES: tuple[Tree, ...] = (
    *(
        None,
        True,
        False,
        [],
        {},
        [[]],
        [{}],
        {"": ""},
        {"$secret": "x"},
        {"$secret": 5},
        {"$ref": "Schema/a"},
    ),
    *({"$unknown": "Schema/customer"}, {"$lookup": "Queue/x"}, {"$ref": None}, [None], {"a": None}),
    *(["x"] * 3, [1, "x", None, [], {}], {"name": "x"}, [{"name": "x"}, {"name": "x"}], {"/": {"~": []}}),
)


def odd_values() -> st.SearchStrategy[Tree]:
    """A value that is seldom the right one."""
    return st.one_of(
        st.sampled_from(ODD_TEXTS),
        st.sampled_from(ODD_NUMBERS),
        st.sampled_from(ODD_VALUES).map(copy.deepcopy),
        st.sampled_from((60, 99, 101, 400)).map(nested),
    )


def nested(depth: int) -> Tree:
    """Lists in lists."""
    found: Tree = []
    for _ in range(depth):
        found = [found]
    return found


@st.composite
def mangled_bytes(draw: st.DrawFn, corpus: Sequence[bytes]) -> bytes:
    """One of the texts with a few places damaged."""
    text = draw(st.sampled_from(corpus))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from((0, 0, 1, 2, 7, 40, 400))))
        text = text[:start] + draw(_put_in(text)) + text[end:]
    return text


def _put_in(text: bytes) -> st.SearchStrategy[bytes]:
    """What takes the place of a range: nothing, a token, noise, or another part of the text."""
    slices = st.tuples(st.integers(0, len(text)), st.integers(0, 200))
    return st.one_of(
        st.just(b""),
        st.sampled_from(TOKENS),
        st.binary(min_size=1, max_size=3),
        slices.map(lambda cut: text[cut[0] : cut[0] + cut[1]]),
    )


@st.composite
def mangled_trees(draw: st.DrawFn, corpus: Sequence[Tree], most: int = 3) -> Tree:
    """One of the documents with a few values altered, taken away, renamed or put elsewhere."""
    tree = copy.deepcopy(draw(st.sampled_from(corpus)))
    for _ in range(draw(st.integers(1, most))):
        places = list(places_in(tree))
        if not places:
            return tree
        alter = draw(st.sampled_from(_ALTERATIONS))
        tree = alter(draw, tree, draw(st.sampled_from(places)))
    return tree


def places_in(tree: Tree, steps: Steps = ()) -> Iterator[Steps]:
    """Every place of a document but its root."""
    members = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, value in members:
        yield (*steps, name)
        yield from places_in(value, (*steps, name))


def _parent(tree: Tree, steps: Steps) -> Tree:
    for step in steps[:-1]:
        tree = tree[step]
    return tree


def _replace(draw: st.DrawFn, tree: Tree, steps: Steps) -> Tree:
    _parent(tree, steps)[steps[-1]] = draw(odd_values())
    return tree


def _remove(_draw: st.DrawFn, tree: Tree, steps: Steps) -> Tree:
    del _parent(tree, steps)[steps[-1]]
    return tree


def _wrap(_draw: st.DrawFn, tree: Tree, steps: Steps) -> Tree:
    parent = _parent(tree, steps)
    parent[steps[-1]] = [parent[steps[-1]]]
    return tree


def _move(draw: st.DrawFn, tree: Tree, steps: Steps) -> Tree:
    """Puts a copy of another part of the document there."""
    source = draw(st.sampled_from(list(places_in(tree))))
    taken = copy.deepcopy(_parent(tree, source)[source[-1]])
    _parent(tree, steps)[steps[-1]] = taken
    return tree


def _rename(draw: st.DrawFn, tree: Tree, steps: Steps) -> Tree:
    parent = _parent(tree, steps)
    if isinstance(parent, dict):
        parent[draw(st.sampled_from(ODD_TEXTS))] = parent.pop(steps[-1])
    else:
        parent.append(copy.deepcopy(parent[steps[-1]]))
    return tree


_ALTERATIONS: tuple[Callable[[st.DrawFn, Tree, Steps], Tree], ...] = (
    _replace,
    _replace,
    _replace,
    _remove,
    _wrap,
    _move,
    _rename,
)
