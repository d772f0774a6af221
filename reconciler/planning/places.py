"""Places in documents: a path names members, and elements of keyed lists by their key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.kinds.fields import PLAIN, Combine, FieldRules
from reconciler.kinds.overlays import element_key
from reconciler.model.values import Tree, TreeObject, escape, is_list, tokens

Path = tuple[str, ...]


def pointer(path: Sequence[str]) -> str:
    """A path as a JSON pointer."""
    return "".join(f"/{escape(token)}" for token in path)


def is_keyed(rules: FieldRules) -> bool:
    """Whether the elements of the list are told apart by a member."""
    return rules.combine in (Combine.KEYED, Combine.ADDITIVE)


def value_in(tree: Tree, path: Sequence[str], rules: FieldRules) -> Tree:
    """The value at a path; None where nothing is."""
    if not path:
        return tree
    token, rest = path[0], path[1:]
    if is_keyed(rules) and is_list(tree):
        return value_in(_element(tree, token, rules), rest, rules.element or PLAIN)
    if isinstance(tree, Mapping):
        return value_in(tree.get(token), rest, rules.member(token))
    return None


def written_pointer(tree: Tree, path: Sequence[str], rules: FieldRules) -> str:
    """Where a manifest writes the value at a path, elements by index; else its nearest ancestor."""
    if not path:
        return ""
    token, rest = path[0], path[1:]
    if is_keyed(rules) and is_list(tree):
        keys = list(_by_key(tree, rules))
        if token not in keys:
            return ""
        tail = written_pointer(_element(tree, token, rules), rest, rules.element or PLAIN)
        return f"/{keys.index(token)}{tail}"
    if isinstance(tree, Mapping) and token in tree:
        return f"/{escape(token)}{written_pointer(tree[token], rest, rules.member(token))}"
    return ""


def translated(path: Sequence[str], tree: Tree, other: Tree, rules: FieldRules) -> Path:
    """The path in another form of the document, where elements have other keys: ids, say."""
    if not path:
        return ()
    token, rest = path[0], path[1:]
    if is_keyed(rules) and is_list(tree) and is_list(other):
        keys, others = list(_by_key(tree, rules)), list(_by_key(other, rules))
        key = others[keys.index(token)] if token in keys and len(keys) == len(others) else token
        inner = (_element(tree, token, rules), _element(other, key, rules))
        return (key, *translated(rest, *inner, rules.element or PLAIN))
    inner = (value_in(tree, (token,), rules), value_in(other, (token,), rules))
    return (token, *translated(rest, *inner, rules.member(token)))


def with_value(tree: Tree, path: Sequence[str], value: Tree, rules: FieldRules) -> Tree:
    """The document with a value put at a path; objects on the way are made, elements added."""
    if not path:
        return value
    token, rest = path[0], path[1:]
    if is_keyed(rules) and is_list(tree):
        found = _element(tree, token, rules)
        if found is None and rest:
            return tree
        return _with_element(tree, token, with_value(found, rest, value, rules.element or PLAIN), rules)
    members = dict(tree) if isinstance(tree, Mapping) else {}
    members[token] = with_value(members.get(token), rest, value, rules.member(token))
    return members


def left_alone(tree: Tree, path: Sequence[str], live: Tree, rules: FieldRules) -> Tree:
    """The document in which the value at a path is as the org has it.

    A member is left out, which makes it unmanaged. An element of a keyed list becomes the live one, or goes
    where there is none: leaving an element out of the list would remove it from the org.
    """
    token, rest = path[0], path[1:]
    if is_keyed(rules) and is_list(tree):
        return _element_left_alone(tree, path, live, rules)
    if not isinstance(tree, Mapping) or token not in tree:
        return tree
    if not rest:
        return {name: value for name, value in tree.items() if name != token}
    theirs = value_in(live, (token,), rules)
    return {**tree, token: left_alone(tree[token], rest, theirs, rules.member(token))}


def _element_left_alone(tree: Tree, path: Sequence[str], live: Tree, rules: FieldRules) -> Tree:
    token, rest = path[0], path[1:]
    theirs = value_in(live, (token,), rules)
    if not rest:
        return _with_element(tree, token, theirs, rules)
    ours = _element(tree, token, rules)
    if ours is None:
        return tree
    return _with_element(tree, token, left_alone(ours, rest, theirs, rules.element or PLAIN), rules)


def all_left_alone(
    document: TreeObject, pointers: Iterable[str], live: TreeObject, rules: FieldRules
) -> TreeObject:
    """The document in which each of these JSON pointers is left alone; the root cannot be."""
    for found in pointers:
        left = left_alone(document, tokens(found), live, rules) if found else document
        document = left if isinstance(left, Mapping) else document
    return document


def unnamed_paths(base: Tree, desired: Tree, rules: FieldRules, at: Path = ()) -> Iterator[Path]:
    """Members that the base has and the desired document no longer names: they are managed no more."""
    if is_keyed(rules) and is_list(base) and is_list(desired):
        for token, before in _by_key(base, rules).items():
            after = _by_key(desired, rules).get(token)
            yield from unnamed_paths(before, after, rules.element or PLAIN, (*at, token))
    elif isinstance(base, Mapping) and isinstance(desired, Mapping) and rules.combine is not Combine.WHOLE:
        for name, before in base.items():
            if name in desired:
                yield from unnamed_paths(before, desired[name], rules.member(name), (*at, name))
            elif rules.member(name).is_sent:
                yield (*at, name)


def _by_key(items: Tree, rules: FieldRules) -> dict[str, Tree]:
    return {str(element_key(item, rules)): item for item in items}  # type: ignore[union-attr]


def _element(items: Tree, token: str, rules: FieldRules) -> Tree:
    return _by_key(items, rules).get(token)


def _with_element(items: Tree, token: str, element: Tree, rules: FieldRules) -> Tree:
    """The list with an element in its place, or at the end; None takes it out."""
    found = {**_by_key(items, rules), token: element}
    return [item for item in found.values() if item is not None]
