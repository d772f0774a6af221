"""Stories: what happens to a project and its org, move by move, drawn at random.

A story prints as the manifests and moves that it is made of, so that a counterexample can be read, and told
again as a test of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter

from reconciler.sandbox import Fault
from tests.properties.estates import Estate, address_of, first_estates, next_estates
from tests.properties.specs import SECRETS, TITLES, colours, flags, texts

Patch = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Crash:
    """The applying process dies by SIGKILL.

    Args:
        at: the how manyth request or event.
        when: the org has not carried the request out, or has and does not answer; or at an event of the run.
    """

    at: int
    when: Literal["before", "after", "event"]


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The user asks for an end, once or twice, at the how manyth event."""

    at: int
    times: int


Trouble: TypeAlias = "Crash | Interrupt | tuple[Fault, ...]"


@dataclass(frozen=True, slots=True)
class Declare:
    """The manifests are these now."""

    estate: Estate

    def told(self, before: Estate) -> str:
        """What is other than before."""
        lines = [f"{address_of(each)}: {_told(each)}" for each in self.estate if each not in before]
        gone = {*map(address_of, before)} - {*map(address_of, self.estate)}
        lines += [f"{address}: gone" for address in sorted(gone)]
        return "declare" + "".join(f"\n        {line}" for line in lines)


@dataclass(frozen=True, slots=True)
class Apply:
    """Plans and applies, and looks at what became of it."""

    on_conflict: Literal["refuse", "ours", "theirs"] = "refuse"
    adopts: bool = False
    fallback: bool = False
    is_saved: bool = False
    parallelism: int = 1
    trouble: Trouble | None = None

    def __str__(self) -> str:
        said = [f"on_conflict={self.on_conflict}", f"parallelism={self.parallelism}"]
        said += [name for name in ("adopts", "fallback", "is_saved") if getattr(self, name)]
        return f"apply {' '.join(said)}{_trouble(self.trouble)}"


@dataclass(frozen=True, slots=True)
class Meddle:
    """Others alter an object: the pick-th of its collection."""

    collection: str
    pick: int
    patch: Patch

    def __str__(self) -> str:
        return f"others alter {self.collection}[{self.pick}]: {json.dumps(self.patch, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class Lose:
    """Others take an object away; a schema only where nothing refers to it."""

    collection: str
    pick: int

    def __str__(self) -> str:
        return f"others take {self.collection}[{self.pick}] away"


@dataclass(frozen=True, slots=True)
class Plant:
    """Others make an object with a natural key that our manifests may want."""

    collection: str
    key: str

    def __str__(self) -> str:
        return f"others make {self.collection} {self.key}"


@dataclass(frozen=True, slots=True)
class Rotate:
    """An environment variable gets another value."""

    name: str

    def __str__(self) -> str:
        return f"${{env.{self.name}}} gets another value"


@dataclass(frozen=True, slots=True)
class Shuffle:
    """Files, documents and the org's listings change their order, and nothing else does."""

    seed: int

    def __str__(self) -> str:
        return f"order is another one (seed {self.seed})"


Move: TypeAlias = "Declare | Apply | Meddle | Lose | Plant | Rotate | Shuffle"


@dataclass(frozen=True, slots=True)
class Story:
    """The moves, in order."""

    moves: tuple[Move, ...]

    def __str__(self) -> str:
        lines, estate = [""], Estate()
        for number, move in enumerate(self.moves, start=1):
            lines.append(f"    {number}. {move.told(estate) if isinstance(move, Declare) else move}")
            estate = move.estate if isinstance(move, Declare) else estate
        return "\n".join(lines)

    def _repr_pretty_(self, printer: RepresentationPrinter, _is_cycle: bool) -> None:
        """How hypothesis prints a counterexample."""
        printer.text(str(self))


def _trouble(trouble: Trouble | None) -> str:
    if trouble is None:
        return ""
    if not isinstance(trouble, tuple):
        return f", meets {trouble}"
    usual = Fault()
    told = (
        {
            each.name: getattr(fault, each.name)
            for each in fields(fault)
            if getattr(fault, each.name) != getattr(usual, each.name)
        }
        for fault in trouble
    )
    return f", meets {' and '.join(map(str, told))}"


def _told(document: Patch) -> str:
    rest = {name: value for name, value in document.items() if name not in ("apiVersion", "kind", "metadata")}
    metadata = {name: value for name, value in document["metadata"].items() if name != "name"}
    return json.dumps({**({"metadata": metadata} if metadata else {}), **rest}, ensure_ascii=False)


# -- what others do --------------------------------------------------------------------------------------

_PATCHES: dict[str, st.SearchStrategy[Patch]] = {
    "widgets": st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["metric", "chart"]),
            "name": st.sampled_from([*TITLES, "By hand"]),
            "visualization": st.just({"type": "pie"}),
            "config": st.sampled_from(
                [{"filters": None}, {"filters": [{"name": "mediaType", "type": "y", "values": ["voice"]}]}]
            ),
        },
    ),
    "channels": st.fixed_dictionaries(
        {},
        optional={
            "description": texts,
            "defaultLanguage": st.sampled_from(["fr", "en-US"]),
            "widget": st.fixed_dictionaries(
                {},
                optional={
                    "appearance": st.fixed_dictionaries({"primaryColor": colours}),
                    "conversationStart": st.fixed_dictionaries({"enabled": flags}),
                },
            ),
            "availability": st.sampled_from(
                [None, {"default": {"status": "unavailable"}}, {"schedules": None}]
            ),
        },
    ),
    "schemas": st.fixed_dictionaries(
        {},
        optional={
            "name": texts,
            "description": texts,
            "fields": st.sampled_from(["add", "describe", "draft"]),
        },
    ),
    "members": st.fixed_dictionaries(
        {},
        optional={
            "score": st.sampled_from([0.02, 0.1]),
            "routingType": st.sampled_from(["Manual", "Automatic"]),
        },
    ),
    "queues": st.fixed_dictionaries(
        {},
        optional={
            "utilizationThreshold": st.sampled_from([0.7, 0.8]),
            "wrapUpTimeout": st.sampled_from([5, 60]),
            "agentsAvailable": st.sampled_from([0, 4]),
        },
    ),
}
picks = st.integers(0, 5)
meddling: st.SearchStrategy[Move] = st.sampled_from(sorted(_PATCHES)).flatmap(
    lambda name: st.builds(Meddle, st.just(name), picks, _PATCHES[name].filter(bool))
)
losses: st.SearchStrategy[Move] = st.builds(Lose, st.sampled_from(["widgets", "channels", "schemas"]), picks)
plants: st.SearchStrategy[Move] = st.one_of(
    st.builds(Plant, st.sampled_from(["widgets", "channels"]), st.sampled_from(TITLES)),
    st.builds(Plant, st.just("schemas"), st.sampled_from(["s1", "s2"])),
)
rotations: st.SearchStrategy[Move] = st.builds(Rotate, st.sampled_from(SECRETS))
shuffles: st.SearchStrategy[Move] = st.builds(Shuffle, st.integers(0, 99))

# -- what goes wrong -------------------------------------------------------------------------------------

PAGE = "<html><body>Bad Gateway</body></html>"


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    """One that no client can see through is not among them: an org that denies what it holds."""
    method = draw(st.sampled_from(["*", "GET", "POST", "PUT", "PATCH", "DELETE"]))
    path = draw(
        st.sampled_from(
            ["/api/*", "*/widgets*", "*/schemas*", "*/configurations*", "*/queues*", "*/members*"]
        )
    )
    kinds: list[Patch] = [
        *({"status": status} for status in (401, 403, 429, 500, 503)),
        *({"status": 504, "late": True}, {"drop": "before"}, {"drop": "after"}),
        *({"activation": "fail"}, {"activation": "hang"}, {"render": "fail"}, {"revoke_token": True}),
        *({"status": 429, "retry_after": 900}, {"status": 502, "body": PAGE}),
    ]
    if method in ("POST", "PUT", "PATCH"):
        kinds += [{"status": status} for status in (400, 404, 412, 413)]
        kinds += [{"status": 409, "code": code} for code in ("duplicate", "version.mismatch")]
    if method not in ("*", "DELETE"):  # a delete answers without a body
        kinds += [{"body": PAGE}, {"truncate": True}]
    fault = draw(st.sampled_from(kinds))
    times = draw(st.sampled_from([1, 2, None, 6]))
    return Fault(method=method, path=path, times=times, after=draw(st.integers(0, 4)), **fault)


troubles: st.SearchStrategy[Trouble] = st.one_of(
    st.builds(Crash, st.integers(1, 6), st.sampled_from(["before", "after"])),
    st.builds(Crash, st.integers(1, 60), st.just("event")),
    st.lists(faults(), min_size=1, max_size=2).map(tuple),
    st.builds(Interrupt, st.integers(1, 40), st.integers(1, 2)),
)

# -- stories ---------------------------------------------------------------------------------------------


@st.composite
def applies(draw: st.DrawFn) -> Apply:
    """Options, and perhaps trouble."""
    return Apply(
        on_conflict=draw(st.sampled_from(["refuse", "ours", "theirs"])),
        adopts=draw(flags),
        fallback=draw(st.sampled_from([False, False, True])),
        is_saved=draw(flags),
        parallelism=draw(st.integers(1, 4)),
        trouble=draw(st.none() | troubles),
    )


@st.composite
def stories(draw: st.DrawFn, *, longest: int) -> Story:
    """Manifests are declared and applied; then so many turns of edits, meddling, trouble and applies."""
    before = draw(st.lists(plants, max_size=1))
    estate = draw(first_estates())
    moves: list[Move] = [*before, Declare(estate), draw(applies())]
    for turn in draw(st.lists(st.sampled_from(_TURNS), max_size=longest)):
        for kind in turn:
            match kind:
                case "edit":
                    estate = draw(next_estates(estate))
                    moves.append(Declare(estate))
                case "others":
                    moves.append(draw(st.one_of(meddling, meddling, losses, plants)))
                case "rotate":
                    moves.append(draw(rotations))
                case "shuffle":
                    moves.append(draw(shuffles))
                case _:
                    moves.append(draw(applies()))
    return Story(tuple(moves))


_TURNS = (
    ("edit", "apply"),
    ("edit", "apply", "apply"),
    ("others", "apply"),
    ("edit", "others", "apply"),
    ("shuffle",),
    ("rotate", "apply"),
)


def declared_in(story: Story) -> Iterator[Estate]:
    """Every generation of a story."""
    return (move.estate for move in story.moves if isinstance(move, Declare))
