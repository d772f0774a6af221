"""`validate`: the manifests alone, offline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.commands.offline import open_offline
from reconciler.commands.project import load_offline
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.model.diagnostics import Diagnostic, InvalidManifests, errors_in


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found.

    Args:
        resources: how many are declared; 0 where the manifests could not be read whole.
    """

    diagnostics: tuple[Diagnostic, ...]
    resources: int

    @property
    def is_valid(self) -> bool:
        """Whether there is no error."""
        return not errors_in(self.diagnostics)

    @property
    def summary(self) -> str:
        """The last line."""
        errors = len(errors_in(self.diagnostics))
        warnings = len(self.diagnostics) - errors
        counted = f"{errors} {_plural('error', errors)}, {warnings} {_plural('warning', warnings)}"
        if not self.is_valid:
            return f"Invalid: {counted}."
        return f"Valid: {self.resources} {_plural('resource', self.resources)}, {counted}."


def validate(common: CommonOptions, surroundings: Surroundings, folder: Path | None) -> Validation:
    """Judges all that can be judged offline.

    Raises:
        ConfigError: the configuration cannot be used.
    """
    project = open_offline(common, surroundings, folder)
    try:
        loaded = load_offline(project, folder)
    except InvalidManifests as error:
        return Validation(error.diagnostics, 0)
    return Validation(loaded.diagnostics, len(loaded.resources))


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
