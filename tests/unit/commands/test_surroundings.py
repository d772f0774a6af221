"""What a command is given can be shown to anybody."""

from pathlib import Path

from reconciler.commands.surroundings import Surroundings


def test_environment_is_not_spelled_out() -> None:
    found = Surroundings(Path("here"), {"BI_SECRET": "s3cr3t"})

    assert "s3cr3t" not in repr(found)
