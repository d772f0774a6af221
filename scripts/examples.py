"""The examples of the README: edits to the demo manifests, the commands, and what they really print.

Each example runs in a copy of the demo project, whose manifests have been applied to its own sandbox org.
What differs from run to run (ids, times, fingerprints) is the business of `normalised`.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
WIDTH = "100"
COMMAND = Path(sys.executable).with_name("reconciler")
FAULTS = "RECONCILER_SANDBOX_FAULTS"


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to one manifest: text that stands in it once, and what stands there instead."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command and the exit code that it must end with.

    Args:
        faults: what the embedded org is told to do wrong meanwhile.
    """

    arguments: str
    exit_code: int = 0
    faults: str | None = None

    @property
    def typed(self) -> str:
        """What a user types."""
        faults = f"{FAULTS}='{self.faults}' \\\n    " if self.faults else ""
        return f"$ {faults}reconciler {self.arguments}"


@dataclass(frozen=True, slots=True)
class Example:
    """Edits, then commands.

    Args:
        first: the first command that is shown; the edits are shown with it where it is the first of all.
        last: the last one, not included; None is the end.
    """

    edits: tuple[Edit, ...]
    commands: tuple[Command, ...]
    first: int = 0
    last: int | None = None


SURVEY_CHANNEL = "    - name: channel\n      fieldtype: string\n"
SURVEY_SCORE = "    - name: score\n      fieldtype: number\n      required: true\n"
CUSTOMER_EMAIL = (
    "    - name: email\n      fieldtype: email\n      required: true\n      constraints: { maxLength: 200 }\n"
)
CUSTOMER_SEGMENT = "    - name: segment\n"
LAST_TICKET = (
    "    - name: last_ticket\n      fieldtype: reference\n"
    "      constraints: { referencedType: { $ref: Schema/support_ticket } }\n"
)

LOOP_EDITS = (
    Edit("manifests/messaging/support-chat.yaml", 'to: "14:00"', 'to: "16:00"'),
    Edit("manifests/schemas/tickets.yaml", SURVEY_SCORE, f"{SURVEY_CHANNEL}{SURVEY_SCORE}"),
)
LOOP = (Command("plan --out survey.plan.json"), Command("apply survey.plan.json"), Command("plan"))

EXAMPLES: dict[str, Example] = {
    "help": Example((), (Command("--help"),)),
    "plan": Example(LOOP_EDITS, LOOP, last=1),
    "apply": Example(LOOP_EDITS, LOOP, first=1),
    "misspelt": Example(
        edits=(Edit("manifests/schemas/customers.yaml", "  description: Who", "  discription: Who"),),
        commands=(Command("validate", 65),),
    ),
    "audit": Example(
        edits=(),
        commands=(
            Command("audit list --address WeightMatrix/support --phase result"),
            Command("audit verify"),
        ),
    ),
    "cycle": Example(
        edits=(
            Edit("manifests/schemas/customers.yaml", CUSTOMER_SEGMENT, f"{LAST_TICKET}{CUSTOMER_SEGMENT}"),
        ),
        commands=(Command("plan", 65),),
    ),
    "incompatible": Example(
        edits=(Edit("manifests/schemas/customers.yaml", CUSTOMER_EMAIL, ""),),
        commands=(Command("plan", 3),),
    ),
    "saturation": Example(
        edits=(Edit("manifests/routing/support.yaml", "projectedLoad: 3.5", "projectedLoad: 5.5"),),
        commands=(Command("plan", 3),),
    ),
    "rollback": Example(
        edits=(
            Edit("manifests/routing/support.yaml", "weight: 0.25", "weight: 0.20"),
            Edit("manifests/routing/support.yaml", "weight: 0.15", "weight: 0.20"),
        ),
        commands=(
            Command(
                "apply --auto-approve",
                5,
                faults='PATCH */members/* after=1 status=400 message="the user is being moved"',
            ),
        ),
    ),
}
"""By the name of the block in the README that shows it."""


def copy_project(folder: Path) -> None:
    """Copies the demo's configuration and manifests into a folder that does not exist yet."""
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "reconciler.yaml", folder)
    shutil.copytree(ROOT / "manifests", folder / "manifests")


def apply_project(folder: Path) -> None:
    """Copies the demo project, and applies it to a sandbox org of its own."""
    copy_project(folder)
    run_command(Command("apply --auto-approve"), folder)


def show_example(name: str, applied: Path, folder: Path) -> str:
    """An example as Markdown: its edits as a diff, its commands with what they print.

    Args:
        name: a key of `EXAMPLES`.
        applied: a folder made by `apply_project`; it stays as it is.
        folder: where the example runs; it must not exist.

    Raises:
        RuntimeError: a command ended with another exit code than it should.
    """
    example = EXAMPLES[name]
    shutil.copytree(applied, folder)
    diff = "".join(_edited(example.edits, folder))
    said = [(command, run_command(command, folder)) for command in example.commands]
    shown = "\n".join(_transcript(command, output) for command, output in said[example.first : example.last])
    edits = f"```diff\n{diff}```\n\n" if diff and not example.first else ""
    return f"{edits}```console\n{shown}```\n"


def run_command(command: Command, folder: Path) -> str:
    """What a command prints, results and progress in the order of a terminal.

    Raises:
        RuntimeError: it ended with another exit code than it should.
    """
    done = subprocess.run(  # noqa: S603  # our own command, with the arguments above
        [COMMAND, *command.arguments.split()],
        cwd=folder,
        env=_environment(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    if done.returncode != command.exit_code:
        raise RuntimeError(
            f"{command.typed} ended with {done.returncode}, not {command.exit_code}:\n{done.stdout}"
        )
    return done.stdout


def normalised(text: str) -> str:
    """A text without what differs from run to run; progress, whose lines may overtake each other, sorted."""
    for pattern, word in _MOVING:
        text = pattern.sub(word, text)
    return _PROGRESS.sub(lambda found: "".join(sorted(found.group().splitlines(keepends=True))), text)


_PROGRESS = re.compile(r"(?<=^Applying ).*?(?=^Run )", re.MULTILINE | re.DOTALL)


_MOVING = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<fingerprint>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<run>"),
    (re.compile(r"\b[0-9.]+ m?s\b"), "<time>"),
    (re.compile(r"127\.0\.0\.1:\d+"), "<port>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT[0-9:.]+Z\b"), "<when>"),
    (re.compile(r" {2,}"), "  "),
    (re.compile(r"^ +\d+  <when>", re.MULTILINE), "<seq>  <when>"),
    (re.compile(r"^(<seq>  <when>  )[0-9a-f]{8}\b", re.MULTILINE), r"\1<run>"),
    (re.compile(r"  \d+  demo\b"), "  <ms>  demo"),
    (re.compile(r"^Valid: \d+ records", re.MULTILINE), "Valid: <n> records"),
    (re.compile(r"latency ms: mean [^;]*;"), "latency ms: <times>;"),
    (re.compile(r"^\[\d+/", re.MULTILINE), "[<n>/"),
)


def _environment(command: Command) -> dict[str, str]:
    foreign = ("RECONCILER_", "GENESYS")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environ |= {"COLUMNS": WIDTH, "NO_COLOR": "1", "RECONCILER_ACTOR": "demo"}
    return {**environ, FAULTS: command.faults} if command.faults else environ


def _edited(edits: Sequence[Edit], folder: Path) -> Iterator[str]:
    """Makes the edits, and says each changed file's differences."""
    before = {edit.file: (folder / edit.file).read_text(encoding="utf-8") for edit in edits}
    after = dict(before)
    for edit in edits:
        if after[edit.file].count(edit.old) != 1:
            raise RuntimeError(f"{edit.file} does not hold exactly once: {edit.old!r}")
        after[edit.file] = after[edit.file].replace(edit.old, edit.new)
    for file, text in after.items():
        (folder / file).write_text(text, encoding="utf-8")
        _, _, *lines = difflib.unified_diff(before[file].splitlines(), text.splitlines(), n=1, lineterm="")
        yield f"# {file}\n"
        yield from (f"{line}\n" for line in lines if not line.startswith("@@"))


def _transcript(command: Command, output: str) -> str:
    ending = f"$ echo $?\n{command.exit_code}\n" if command.exit_code else ""
    return f"{command.typed}\n{output}{ending}"
