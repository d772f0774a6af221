"""`${var.x}` and `${env.X}` in a document's text values (design.md, section 3).

Values are filled in once: what a variable holds is never read for placeholders again. A secret stays a
template with names; its value is looked up when a request leaves, never here (invariant 8).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.errors import UsageError
from reconciler.manifests.documents import Document, spoken
from reconciler.manifests.suggestions import did_you_mean
from reconciler.manifests.yaml_documents import read_scalar
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.values import JsonValue, Secret, Tree, escape
from reconciler.settings import ManifestSettings

VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OWN_PREFIXES = ("GENESYS_", "GENESYSCLOUD_", "RECONCILER_")
"""The tool's own settings, credentials among them."""

_PLACEHOLDER = re.compile(r"\$\$\{|\$\{(?P<inside>[^{}]*)\}|\$\{")
_FORMS = "write ${var.name} or ${env.NAME}; $${ is a literal ${"


@dataclass(frozen=True, slots=True)
class Variables:
    """What placeholders may name.

    Args:
        values: variable -> value.
        environment: the names that `${env.X}` may read.
        environ: the environment; only asked whether a name is set.
        credentials: names of the tool's own credentials, besides those with `OWN_PREFIXES`.
    """

    values: Mapping[str, JsonValue] = field(default_factory=dict)
    environment: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    credentials: Sequence[str] = ()


def read_variables(pairs: Sequence[str]) -> Mapping[str, JsonValue]:
    """Reads `--var` arguments; a later one wins.

    Args:
        pairs: `name=value` each; the value is read as a YAML scalar, nothing as the empty text.

    Raises:
        UsageError: a pair without `=`, a name that is none, or a value that is no scalar.
    """
    return dict(_read_pair(pair) for pair in pairs)


def _read_pair(pair: str) -> tuple[str, JsonValue]:
    name, equals, text = pair.partition("=")
    if not equals or not VARIABLE_NAME.fullmatch(name):
        shown = name if VARIABLE_NAME.fullmatch(name) else pair.partition("=")[0] or pair
        raise UsageError(f"--var {shown}: no name and value", hint="write --var name=value")
    try:
        value = read_scalar(text) if text else ""
    except ValueError as error:
        raise UsageError(f"--var {name}: {error}") from None
    if value is None:
        raise UsageError(f"--var {name}: null is no value", hint="put it in quotes to mean the text")
    return name, value


class Allowance:
    """How much variables may still put into the documents of a run; what each costs is reckoned once."""

    def __init__(self, settings: ManifestSettings) -> None:
        self.of_document = settings.max_document_bytes
        self.left = settings.max_variables_bytes
        self._sizes: dict[str, int] = {}

    def spend(self, name: str, value: JsonValue) -> int:
        """Takes what one filling in costs, and says how much that is."""
        if name not in self._sizes:
            self._sizes[name] = len(value) if isinstance(value, str) else len(json.dumps(value))
        self.left -= self._sizes[name]
        return self._sizes[name]


def fill_in(
    document: Document, variables: Variables, allowance: Allowance
) -> tuple[Tree, tuple[Diagnostic, ...]]:
    """The document's value with variables filled in and secrets as late values."""
    if document.is_plain:
        return document.value, ()
    filling = _Filling(document, variables, allowance)
    tree = filling.tree(document.value, "")
    return tree, tuple(filling.diagnostics)


def reveal(secret: Secret, environ: Mapping[str, str]) -> str:
    """The text of a secret, with its values.

    Raises:
        KeyError: a name is not set.
    """
    return _PLACEHOLDER.sub(lambda match: _revealed(match, secret, environ), secret.template)


def secret_names(text: str) -> tuple[str, ...]:
    """The environment names that a text refers to, in order; `$${` refers to nothing."""
    inside = (match["inside"] or "" for match in _PLACEHOLDER.finditer(text))
    return tuple(dict.fromkeys(name.removeprefix("env.") for name in inside if name.startswith("env.")))


def has_placeholder(text: str) -> bool:
    """Whether a text would be filled in."""
    return any(match.group() != "$${" for match in _PLACEHOLDER.finditer(text))


def _revealed(match: re.Match[str], secret: Secret, environ: Mapping[str, str]) -> str:
    if match.group() == "$${":
        return "${"
    name = (match["inside"] or "").removeprefix("env.")
    # Only what was allowed when the manifest was read: variables side by side can look like a placeholder.
    return environ[name] if name in secret.names else match.group()


class _Refused(Exception):
    """A placeholder that cannot be filled in."""

    def __init__(self, code: str, message: str, hint: str | None) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class _Filling:
    """Fills in one document."""

    def __init__(self, document: Document, variables: Variables, allowance: Allowance) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._document = document
        self._variables = variables
        self._allowance = allowance
        self._left = allowance.of_document

    def tree(self, value: JsonValue, pointer: str) -> Tree:
        if isinstance(value, str):
            return self._text(value, pointer) if "${" in value else value
        if isinstance(value, Mapping):
            return {key: self._member(key, member, pointer) for key, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(element, f"{pointer}/{index}") for index, element in enumerate(value)]
        return value

    def _member(self, key: str, value: JsonValue, pointer: str) -> Tree:
        path = f"{pointer}/{escape(key)}"
        if "${" in key and has_placeholder(key):
            self.diagnostics.append(
                self._document.key_diagnostic(
                    "variable.forbidden",
                    f"{key}: a key holds no variables",
                    path=path,
                    hint="name it plainly",
                )
            )
        return self.tree(value, path)

    def _text(self, text: str, pointer: str) -> Tree:
        try:
            whole = _PLACEHOLDER.fullmatch(text)
            if whole and (whole["inside"] or "").startswith("var."):
                return self._variable(whole["inside"])
            return self._template(text, pointer)
        except _Refused as refused:
            self.diagnostics.append(
                self._document.diagnostic(
                    refused.code,
                    f"{spoken(pointer)}: {refused.message}",
                    path=pointer,
                    hint=refused.hint,
                )
            )
            return text

    def _template(self, text: str, pointer: str) -> Tree:
        names: list[str] = []
        escaped = _PLACEHOLDER.sub(lambda match: self._part(match, pointer, names), text)
        if names:
            return Secret(escaped, tuple(dict.fromkeys(names)))
        return escaped.replace("$${", "${")

    def _part(self, match: re.Match[str], pointer: str, names: list[str]) -> str:
        """One placeholder's text, any literal `${` in it still written as `$${`."""
        inside = match["inside"]
        if inside is None:
            if match.group() == "$${":
                return "$${"
            raise _Refused("variable.unknown", "${ opens a placeholder that is not closed", _FORMS)
        source, dot, name = inside.partition(".")
        if source == "env" and dot and ENVIRONMENT_NAME.fullmatch(name):
            self._check_secret(name, pointer)
            names.append(name)
            return match.group()
        return self._inline(inside).replace("${", "$${")

    def _variable(self, inside: str) -> JsonValue:
        name = inside.removeprefix("var.")
        values = self._variables.values
        if not inside.startswith("var.") or not VARIABLE_NAME.fullmatch(name):
            raise _Refused("variable.unknown", f"${{{inside}}} is no placeholder", _FORMS)
        if name not in values:
            hint = did_you_mean(name, values, otherwise=f"give it by --var {name}=… or in vars")
            raise _Refused("variable.unknown", f"there is no variable {name}", hint)
        return values[name] if self._may_spend(name) else ""

    def _may_spend(self, name: str) -> bool:
        """Whether there is room for a variable: a small document may name a large one often.

        Raises:
            _Refused: there is none from here on; said once.
        """
        if self._left < 0:
            return False
        self._left -= self._allowance.spend(name, self._variables.values[name])
        if self._left < 0:
            raise _Refused("manifest.too-large", "the document's variables expand too far", None)
        if self._allowance.left < 0:
            self._left = -1
            raise _Refused("manifest.too-large", "the variables of all documents expand too far", None)
        return True

    def _inline(self, inside: str) -> str:
        value = self._variable(inside)
        if isinstance(value, str):
            return value
        if isinstance(value, Mapping | list | tuple):
            hint = "let ${" + inside + "} be the whole value"
            raise _Refused("manifest.invalid-value", f"{inside} is no text and cannot be part of one", hint)
        return json.dumps(value)

    def _check_secret(self, name: str, pointer: str) -> None:
        known = self._variables
        if name.upper().startswith(OWN_PREFIXES) or name in known.credentials:
            raise _Refused("variable.forbidden", f"{name} is one of the tool's own settings", None)
        if not pointer.startswith("/spec/"):
            raise _Refused("variable.forbidden", "a secret may stand in spec only", None)
        if name not in known.environment:
            hint = did_you_mean(name, known.environment, otherwise=f"add {name} to it if it may be read")
            message = f"{name} is not in the configuration's environment list"
            raise _Refused("variable.forbidden", message, hint)
        if name not in known.environ:
            self._warn_unset(name, pointer)

    def _warn_unset(self, name: str, pointer: str) -> None:
        self.diagnostics.append(
            self._document.diagnostic(
                "variable.unknown",
                f"{spoken(pointer)}: {name} is not set in the environment",
                path=pointer,
                hint=f"set {name} before an apply",
                severity=Severity.WARNING,
            )
        )
