"""Planted secrets, and every place in which they must not appear (design.md, invariant 8)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from reconciler.errors import ReconcilerError
from reconciler.model.events import Event
from reconciler.model.outcome import RunReport
from reconciler.model.plan import Plan
from reconciler.reports import plan_document, run_document, to_text
from reconciler.store import EnvironmentSecrets
from tests.properties.specs import SECRETS
from tests.properties.watching import OURS, Watch, objects_of
from tests.simulated.apply.bench import Bench


def _value(name: str, turn: int) -> str:
    return f"hush-{name.lower()}-{turn}-hush"


@dataclass(slots=True)
class Leaks:
    """An observer and a log handler that keep what they are told, and look through it for secrets.

    Args:
        values: every value that a variable ever had.
        released: values that stand in the org where no manifest and no prior state says any more that they
            are secrets; nobody can know it then.
    """

    watch: Watch
    work: Bench
    secrets: dict[str, str] = field(default_factory=lambda: {name: _value(name, 1) for name in SECRETS})
    values: set[str] = field(default_factory=lambda: {_value(name, 1) for name in SECRETS})
    released: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    def notify(self, event: Event) -> None:
        """Takes an event."""
        self.told.append(repr(event))

    def rotate(self, name: str) -> None:
        """Gives a variable another value."""
        turn = int(self.secrets[name].split("-")[2]) + 1
        self.secrets[name] = _value(name, turn)
        self.values.add(self.secrets[name])

    def release(self) -> None:
        """Gives up what no digest of prior state covers; asked before a run looks at the org."""
        with self.work.store() as store:
            prior, key = store.load(), store.secret_key
        under_way = json.dumps([intent.body for intent in prior.open_intents])
        bases = {entry.remote_id: json.dumps(entry.base) for entry in prior.entries.values()}
        digests = EnvironmentSecrets({}, key)
        objects = objects_of(self.watch.org)
        for each, document in (found for name in OURS for found in objects[name].items()):
            for text in _texts(document):
                if digests.digest_text(text) not in bases.get(each, "") + under_way:
                    self.released |= {value for value in self.values if value in text}

    def look(self, *things: Plan | RunReport | ReconcilerError | Mapping[str, bytes] | None) -> None:
        """Looks for secrets in what was made, and in all that was told since the last look."""
        told = [*self.told, *map(_spelled, things)]
        self.told.clear()
        needles = {*self.values - self.released, *self.watch.tokens, self.watch.org.client_secret} - {""}
        for needle in needles:
            for text in told:
                at = text.find(needle)
                assert at < 0, f"a secret is told: …{text[max(0, at - 200) : at + 60]}…"

    @contextmanager
    def logging(self) -> Iterator[None]:
        """Listens to the log, at its finest."""
        logger, handler = logging.getLogger("reconciler"), _Listening(self)
        level = logger.level
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False  # a counterexample is to be read, not looked for
        try:
            yield
        finally:
            logger.propagate = True
            logger.setLevel(level)
            logger.removeHandler(handler)


class _Listening(logging.Handler):
    def __init__(self, leaks: Leaks) -> None:
        super().__init__()
        self._leaks = leaks

    def emit(self, record: logging.LogRecord) -> None:
        self._leaks.told.append(record.getMessage())


def _spelled(thing: Plan | RunReport | ReconcilerError | Mapping[str, bytes] | None) -> str:
    match thing:
        case None:
            return ""
        case Plan():
            return to_text(plan_document(thing))
        case RunReport():
            return to_text(run_document(thing))
        case ReconcilerError():
            return f"{thing!r} {thing} {thing.message} {thing.hint}"
        case _:
            return "\n".join(content.decode("latin-1") for content in thing.values())


def _texts(tree: object) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value)
