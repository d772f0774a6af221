"""What version this is. Light: it is what scripts ask first and most."""

from __future__ import annotations

from reconciler import __version__
from reconciler.cli.streams import write, write_utf8

VERSION_FORMAT = "reconciler.version/1"


def show_version() -> None:
    """The version, for people."""
    write(f"reconciler {__version__}")


def show_version_json() -> None:
    """The version and what it runs on, as a flat object."""
    import json
    import platform

    document = {
        "format": VERSION_FORMAT,
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    write_utf8(json.dumps(document, indent=2))
