"""`python -m benchmarks [--n SIZE] [--rounds N] [--write]`: measures and prints; 1 when a goal is missed."""

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cases import BASELINE, SMALL, USUAL, Case, Figure, cases, requests_of
from benchmarks.measuring import Run, least_disturbed, run_once
from benchmarks.projects import edit, environment, make_project, seed
from benchmarks.serving import serving_org
from benchmarks.tables import machine, table, write_figures

DOCUMENT = Path("docs/performance.md")


def main() -> int:
    """Measure all cases in turns, so that each round meets the same machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--n", type=int, default=USUAL, help=f"resources of the large project ({USUAL})")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each command (5)")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {DOCUMENT}")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leaves no org behind
    with (
        tempfile.TemporaryDirectory() as folder,
        serving_org(SMALL) as small,
        serving_org(asked.n) as large,
        serving_org(0) as empty,
    ):
        figures = measure(_prepared(Path(folder), asked.n, (small, large, empty)), asked.rounds)
    text = f"{machine(asked.rounds)}\n\n{table(figures)}"
    print(text)
    if asked.write:
        write_figures(DOCUMENT, asked.n, text)
    return int(any("missed" in figure.verdict for figure in figures))


def measure(wanted: Sequence[Case], rounds: int) -> list[Figure]:
    """Run every case once a round, the baseline before each, after one round that only warms up."""
    environ = environment()
    baseline: list[Run] = []
    runs: dict[str, list[Run]] = {case.name: [] for case in wanted}
    for number in range(rounds + 1):
        for case in wanted:
            bare = run_once(BASELINE, folder=case.folder, environ=environ)
            run = run_once(case.command, folder=case.folder, environ=environ)
            if number:
                baseline.append(bare)
                runs[case.name].append(run)
        print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
    unit_s = least_disturbed(baseline).wall_s
    return [_figure(case, least_disturbed(runs[case.name]), unit_s) for case in wanted]


def _figure(case: Case, run: Run, unit_s: float) -> Figure:
    requests = requests_of(run.output) if "plan" in case.command else None
    return Figure(case, run, run.wall_s / unit_s, requests)


def _prepared(folder: Path, size: int, urls: tuple[str, str, str]) -> Sequence[Case]:
    """Make the projects, and say what is measured in them."""
    small_url, large_url, empty_url = urls
    small = make_project(folder / "small", small_url, SMALL)
    large = make_project(folder / "large", large_url, size)
    fresh = make_project(folder / "fresh", empty_url, SMALL)
    seed(small)
    seed(large)
    changed = Path(shutil.copytree(large, folder / "changed"))
    edit(changed, size, every=70)
    return cases(size, small=small, large=large, changed=changed, fresh=fresh)


if __name__ == "__main__":
    sys.exit(main())
