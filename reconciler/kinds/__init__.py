"""One file for each kind of resource, and everything particular to that kind.

A kind says, as values, what to read and what to send; it never does I/O and is never asynchronous. What is
true of every kind (ordering, journal, undo, waiting) is the engine's and is not repeated here. Adding a
kind is one file, one line in the `KINDS` table and one example manifest.
"""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.kinds.channel import Channel
from reconciler.kinds.schema import Schema
from reconciler.kinds.weight_matrix import WeightMatrix
from reconciler.kinds.widget import Widget

KINDS: Mapping[str, Kind[Any]] = {kind.name: kind for kind in (Widget(), Channel(), WeightMatrix(), Schema())}
"""Every kind, by its name in manifests."""
