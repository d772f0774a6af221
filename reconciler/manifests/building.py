"""One document, put together from the parts that a parser meets in order.

Depth, size, keys and aliases are bounded while building, so that no input takes more time or memory than its
own length and the bounds allow (design.md, section 3). Nothing here knows the syntax of the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from reconciler.manifests.documents import Document, Place
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.values import JsonValue, escape
from reconciler.settings import ManifestSettings

_SIZE_OF_NODE = 2
"""What a node takes at least beside its text: quotes, or a bracket and a comma."""


class UnreadableDocument(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet."""

    node: dict[str, JsonValue] | list[JsonValue]
    pointer: str
    anchor: str | None
    start: int
    size: int
    path_chars: int
    key: str | None = None
    height: int = 1

    def child(self) -> str:
        if isinstance(self.node, list):
            return f"{self.pointer}/{len(self.node)}"
        return f"{self.pointer}/{escape(self.key or '')}"

    def add(self, value: JsonValue, height: int) -> None:
        if height >= self.height:
            self.height = height + 1
        if isinstance(self.node, list):
            self.node.append(value)
        else:
            self.node[self.key or ""] = value
            self.key = None


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A value that aliases may repeat: the range of its places, and what a repetition costs."""

    value: JsonValue
    pointer: str
    places: range
    height: int
    size: int
    path_chars: int


class DocumentBuilder:
    """Builds one document.

    Args:
        file: as shown to people.
        settings: the bounds.
        aliased: nodes that aliases in earlier documents of the file made: the bound holds for all of them.
    """

    def __init__(self, file: str, settings: ManifestSettings, *, aliased: int = 0) -> None:
        self.aliased = aliased
        self._file = file
        self._bounds = settings
        self._open: list[_Open] = []
        # One entry a node; those of a subtree are in a row, which makes an alias a copy of a range.
        self._places: list[tuple[str, Place]] = []
        self._keys: dict[str, Place] = {}
        self._anchors: dict[str, _Anchored] = {}
        self._diagnostics: list[Diagnostic] = []
        self._size = 0
        self._path_chars = 0
        self._root: JsonValue = None
        self._is_plain = True

    @property
    def wants_key(self) -> bool:
        """Whether the next part is a mapping's key."""
        if not self._open:
            return False
        top = self._open[-1]
        return top.key is None and type(top.node) is dict

    @property
    def pointer(self) -> str:
        """JSON pointer of the next value."""
        return self._open[-1].child() if self._open else ""

    def document(self) -> Document | None:
        """The document, complete; None when it is empty."""
        if self._root is None:
            return None
        found = tuple(self._diagnostics)
        return Document(self._file, self._root, dict(self._places), self._keys, found, self._is_plain)

    def take_key(self, key: str, place: Place) -> None:
        """The key of the value that comes next; a repeated one is a problem."""
        if len(key) > self._bounds.max_key_chars:
            longest = f"a key has at most {self._bounds.max_key_chars:,} characters"
            self.stop("manifest.too-large", longest, place, hint="shorten it")
        top = self._open[-1]
        top.key = key
        self._is_plain = self._is_plain and "$" not in key
        pointer = top.child()
        if pointer in self._keys:
            first = self._keys[pointer][0]
            self.report(
                "manifest.duplicate-key",
                f"the key {key} is there twice, first on line {first}",
                place,
                hint="keep one of the two",
            )
        else:
            self._keys[pointer] = place
        self._grow(place, len(key), nodes=0)

    def take_scalar(self, value: JsonValue, place: Place, *, length: int, anchor: str | None) -> None:
        """A value that holds no other; `length` is that of its text."""
        start, size, pointer = len(self._places), self._size, self.pointer
        self._is_plain = self._is_plain and not (isinstance(value, str) and "$" in value)
        self._grow(place, length, nodes=1, path_chars=len(pointer))
        self._places.append((pointer, place))
        if anchor:
            places = range(start, start + 1)
            cost = self._size - size
            self._anchors[anchor] = _Anchored(value, pointer, places, 0, cost, len(pointer))
        self._add(value, 0)

    def open(self, node: dict[str, JsonValue] | list[JsonValue], place: Place, anchor: str | None) -> None:
        """A mapping or list begins."""
        self._check_depth(place, 1)
        if anchor:
            self._anchors.pop(anchor, None)
        start, size, pointer = len(self._places), self._size, self.pointer
        before = self._path_chars
        self._grow(place, 0, nodes=1, path_chars=len(pointer))
        self._places.append((pointer, place))
        self._open.append(_Open(node, pointer, anchor, start, size, before))

    def close(self) -> None:
        """The innermost mapping or list ends."""
        done = self._open.pop()
        if done.anchor:
            places = range(done.start, len(self._places))
            size, path_chars = self._size - done.size, self._path_chars - done.path_chars
            known = _Anchored(done.node, done.pointer, places, done.height, size, path_chars)
            self._anchors[done.anchor] = known
        self._add(done.node, done.height)

    def take_alias(self, name: str, place: Place) -> None:
        """An earlier value again; it keeps the places of where it is written."""
        known = self._anchors.get(name)
        if known is None:
            message = f"the alias *{name[:200]} names no value that ends before it"
            self.stop("manifest.syntax", message, place)
        self._check_depth(place, known.height)
        count = len(known.places)
        self.aliased += count
        pointer, inner = self.pointer, len(known.pointer)
        path_chars = known.path_chars + count * (len(pointer) - inner)
        self._grow(place, known.size, nodes=count, path_chars=path_chars)
        copied = [self._places[index] for index in known.places]
        self._places += [(pointer + path[inner:], place_) for path, place_ in copied]
        self._add(known.value, known.height)

    def report(
        self, code: str, message: str, place: Place, *, path: str | None = None, hint: str | None = None
    ) -> None:
        """Notes a problem and goes on."""
        path = self.pointer if path is None else path
        self._diagnostics.append(
            Diagnostic(Severity.ERROR, code, message, hint, None, self._file, *place, path)
        )

    def stop(self, code: str, message: str, place: Place, *, hint: str | None = None) -> NoReturn:
        """Gives the file up.

        Raises:
            UnreadableDocument: always.
        """
        raise UnreadableDocument(Diagnostic(Severity.ERROR, code, message, hint, None, self._file, *place))

    def _add(self, value: JsonValue, height: int) -> None:
        if self._open:
            self._open[-1].add(value, height)
        else:
            self._root = value

    def _grow(self, place: Place, length: int, *, nodes: int, path_chars: int = 0) -> None:
        bounds = self._bounds
        self._size += length + _SIZE_OF_NODE
        self._path_chars += path_chars
        if len(self._places) + nodes > bounds.max_nodes or self.aliased > bounds.max_nodes:
            self._too_large(place, f"expands to more than {bounds.max_nodes:,} values")
        if self._size > bounds.max_document_bytes:
            self._too_large(place, f"expands to more than {bounds.max_document_bytes:,} bytes")
        if self._path_chars > bounds.max_path_chars:
            self._too_large(place, "nests too much under long keys")

    def _check_depth(self, place: Place, more: int) -> None:
        if len(self._open) + more > self._bounds.max_depth:
            self._too_large(place, f"nests deeper than {self._bounds.max_depth} levels")

    def _too_large(self, place: Place, how: str) -> NoReturn:
        hint = "use fewer aliases" if self.aliased else "split it into several documents"
        self.stop("manifest.too-large", f"the document {how}", place, hint=hint)
