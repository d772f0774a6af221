"""What a command is given: the common options, and what it finds around the process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.asking import is_attended

if TYPE_CHECKING:
    from reconciler.cli.terminal import Terminal
    from reconciler.commands.project import Project
    from reconciler.commands.surroundings import Surroundings


def surroundings() -> Surroundings:
    """Working folder, environment, and whether a person sits there."""
    from reconciler.commands.surroundings import Surroundings

    return Surroundings(Path.cwd(), os.environ, is_attended())


def open_project(terminal: Terminal) -> Project:
    """The project of the common options."""
    from reconciler.commands.project import open_project as open_

    return open_(terminal.common, surroundings(), terminal.settings)
