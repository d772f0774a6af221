"""Faults: what a test or a demo asks the org to do wrong.

A fault is a value, written as text, JSON or keyword arguments; `FaultPlan` decides which request meets which
fault. It must not know what any request means.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from shlex import split
from typing import Literal

from reconciler.sandbox.documents import JsonValue

Settlement = Literal["fail", "hang"]
Drop = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to go wrong.

    With `status` the request is not carried out, unless `late` says that it is and only the answer is lost.
    `body` alone replaces the answer's text and keeps its status, so the request was carried out.

    Attributes:
        method: The method it waits for; `*` is any.
        path: A glob over the path; `*` also matches slashes.
        status: The status to answer with.
        code: The error's code.
        message: The error's message, or the reason why an activation fails.
        retry_after: The Retry-After header, seconds or an HTTP date.
        times: How many requests meet it; None is all.
        after: How many matching requests pass unharmed first.
        latency_s: How long the request waits before it is looked at.
        drop: The connection is reset before the request is carried out, or after it was committed.
        silent: A dropped connection is not reset: nothing comes, until the client gives up.
        truncate: The connection ends in the middle of the answer.
        body: Raw text to answer with, such as a gateway's HTML page.
        late: The status is answered after the request was carried out.
        activation: A channel that this POST or PUT changes ends up failed, or stays pending.
        render: The same for a widget's rendering; a refresh is a POST that starts another one.
        revoke_token: The tokens of the org are revoked just before.
    """

    method: str = "*"
    path: str = "*"
    status: int | None = None
    code: str | None = None
    message: str | None = None
    retry_after: str | int | None = None
    times: int | None = 1
    after: int = 0
    latency_s: float = 0.0
    drop: Drop | None = None
    silent: bool = False
    truncate: bool = False
    body: str | None = None
    late: bool = False
    activation: Settlement | None = None
    render: Settlement | None = None
    revoke_token: bool = False

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read a fault as written on a command line.

        Args:
            text: `METHOD PATH key=value …`, such as `PATCH /api/v2/routing/queues/* status=500 times=6`;
                values with spaces in quotes, `times=always` for all requests.

        Raises:
            ValueError: The text does not say a fault; the message says why.
        """
        words = split(text)
        if len(words) < 3 or "=" in words[0] or "=" in words[1]:
            raise ValueError(f"a fault is METHOD PATH key=value …, not {text!r}")
        members: dict[str, JsonValue] = {"method": words[0].upper(), "path": words[1]}
        for word in words[2:]:
            name, found, value = word.partition("=")
            if not found:
                raise ValueError(f"{word!r} in {text!r} is not key=value")
            members[name] = value
        return cls.of(members)

    @classmethod
    def of(cls, members: Mapping[str, JsonValue]) -> "Fault":
        """Build a fault from members by name, each as its own type or as text.

        Raises:
            ValueError: A member is unknown or cannot have that value.
        """
        unknown = sorted(set(members) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"a fault has no {', '.join(unknown)}")
        read = {name: _read(name, value) for name, value in members.items()}
        return replace(cls(), **read)  # type: ignore[arg-type]

    def matches(self, method: str, path: str) -> bool:
        """Tell whether a request is one that this fault waits for."""
        if self.settles() and method not in ("POST", "PUT"):
            return False
        return self.method in ("*", method) and fnmatchcase(path, self.path)

    def settles(self) -> bool:
        """Tell whether it is about what an object settles to, so that polling must not use it up."""
        return self.activation is not None or self.render is not None


def parse_faults(text: str) -> tuple[Fault, ...]:
    """Read several faults, one a line or with `;` between them; empty lines and `#` comments are skipped."""
    lines = (line.strip() for line in _SEPARATOR.split(text))
    return tuple(Fault.parse(line) for line in lines if line and not line.startswith("#"))


class FaultPlan:
    """The faults that wait for their requests, in the order in which they were injected.

    A request meets at most one fault, and a fault does not see a request that an earlier one took; so two
    faults for the same path strike one after the other.
    """

    def __init__(self) -> None:
        """Start without faults."""
        self._waiting: list[_Waiting] = []

    def inject(self, fault: Fault) -> None:
        """Add a fault behind those that wait already."""
        self._waiting.append(_Waiting(fault))

    def clear(self) -> None:
        """Forget all faults."""
        self._waiting.clear()

    def pending(self) -> tuple[Fault, ...]:
        """Return the faults that can still strike."""
        return tuple(waiting.fault for waiting in self._waiting)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that this request meets, and use it up by one."""
        for waiting in self._waiting:
            if waiting.fault.matches(method, path) and waiting.strikes():
                self._waiting = [each for each in self._waiting if not each.is_spent()]
                return waiting.fault
        return None


class _Waiting:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._seen = 0

    def strikes(self) -> bool:
        self._seen += 1
        return self._seen > self.fault.after

    def is_spent(self) -> bool:
        return self.fault.times is not None and self._seen >= self.fault.after + self.fault.times


# A semicolon separates only before a method, so that a body may hold one.
_SEPARATOR = re.compile(r"\n|;\s*(?=(?:[A-Z]+|\*)\s)")
_INTEGERS = {"status", "after"}
_FLAGS = {"silent", "truncate", "late", "revoke_token"}
_WORDS: Mapping[str, tuple[str, ...]] = {
    "drop": ("before", "after"),
    "activation": ("fail", "hang"),
    "render": ("fail", "hang"),
}


def _read(name: str, value: JsonValue) -> JsonValue:
    if name == "times":
        return None if value in (None, "always") else _number(name, value, int)
    if name in _INTEGERS:
        return _number(name, value, int)
    if name == "latency_s":
        return _number(name, value, float)
    if name in _FLAGS:
        return _flag(name, value)
    if name in _WORDS and value not in _WORDS[name]:
        raise ValueError(f"{name} is one of {', '.join(_WORDS[name])}, not {value!r}")
    return value if isinstance(value, str) or value is None else str(value)


def _number(name: str, value: JsonValue, kind: type[int] | type[float]) -> int | float:
    if isinstance(value, str | int | float):
        try:
            return kind(value)
        except ValueError:
            pass
    raise ValueError(f"{name} is a number, not {value!r}")


def _flag(name: str, value: JsonValue) -> bool:
    told = str(value).lower()
    if told not in ("true", "false", "1", "0", "yes", "no"):
        raise ValueError(f"{name} is true or false, not {value!r}")
    return told in ("true", "1", "yes")
