"""Options that several commands share, declared once, and the values they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

COMMON = """Common options, before or after the command: --config FILE, --org NAME, --state DIR|URL,
--var k=v, --color auto|always|never, -v, -q, --log-format text|json
(`reconciler --help` tells what they mean)."""


class PlanFormat(StrEnum):
    """How a plan is shown."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class ShowFormat(StrEnum):
    """How a saved plan is shown."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
    GITHUB = "github"
    GITLAB = "gitlab"


class ReportFormat(StrEnum):
    """How the rest is shown."""

    TEXT = "text"
    JSON = "json"


class JsonFormat(StrEnum):
    """How to show what is JSON alone."""

    JSON = "json"


class ConflictChoice(StrEnum):
    """What to do where manifest and org both moved a field."""

    REFUSE = "refuse"
    OURS = "ours"
    THEIRS = "theirs"


Folder: TypeAlias = Annotated[
    Path | None,
    typer.Argument(metavar="DIR", help="Manifests; the configured folder when left out."),
]
Targets: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--target", metavar="ADDRESS|GLOB", help="Only these, and what they depend on; repeatable."),
]
Excludes: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude", metavar="ADDRESS|GLOB", help="Not these, nor what depends on them; repeatable."
    ),
]
Selectors: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--selector", metavar="LABEL=VALUE", help="Only resources with this label; repeatable."),
]
Adopt: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--adopt",
        metavar="[=GLOB]",
        help="Take over live objects with the same natural key: of all addresses, or of those that match; "
        "the glob is joined by `=`; repeatable.",
    ),
]
OnConflict: TypeAlias = Annotated[
    ConflictChoice,
    typer.Option("--on-conflict", help="Where manifest and org both moved a field."),
]
Fallback: TypeAlias = Annotated[
    bool, typer.Option("--fallback", help="Make the channel fallbacks that are due, and the ways back.")
]
AllowUnsafe: TypeAlias = Annotated[
    str | None,
    typer.Option("--allow-unsafe", metavar="FINGERPRINT", help="Let the guards pass for this one plan."),
]
AllowFromCommit: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--allow-from-commit",
        help="As --allow-unsafe, for each fingerprint that a trailer `Reconciler-Allow: FINGERPRINT` of the "
        "newest commit names.",
    ),
]
Destroy: TypeAlias = Annotated[
    bool, typer.Option("--destroy", help="Plan to delete all that prior state holds.")
]
ShowRequests: TypeAlias = Annotated[
    bool, typer.Option("--show-requests", help="Show each request that the apply will send.")
]
NewState: TypeAlias = Annotated[
    bool, typer.Option("--new-state", help="The state does not exist yet, and may be made.")
]
AutoApprove: TypeAlias = Annotated[bool, typer.Option("--auto-approve", "-y", help="Do not ask.")]
Parallelism: TypeAlias = Annotated[
    int, typer.Option("--parallelism", min=1, max=100, help="Changes under way at once.")
]
LockTimeout: TypeAlias = Annotated[
    float, typer.Option("--lock-timeout", min=0, metavar="SECONDS", help="Wait so long for the state's lock.")
]
AnyReport: TypeAlias = Annotated[ReportFormat, typer.Option("--format", help="How to show it.")]
AnyPlan: TypeAlias = Annotated[PlanFormat, typer.Option("--format", help="How to show the plan.")]
AnySavedPlan: TypeAlias = Annotated[
    ShowFormat,
    typer.Option(
        "--format", help="How to show the plan; github: annotations, gitlab: counts for its widget."
    ),
]


@dataclass(frozen=True, slots=True)
class Choices:
    """The options that shape a plan, as the command line gave them."""

    targets: Sequence[str] | None
    excludes: Sequence[str] | None
    selectors: Sequence[str] | None
    adopt: Sequence[str] | None
    on_conflict: ConflictChoice
    fallback: bool
    allow_unsafe: str | None
    destroy: bool
    new_state: bool
    allow_from_commit: bool = False
