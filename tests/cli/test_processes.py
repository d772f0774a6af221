"""The command as a process: its streams, its signals, and what it loads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.sandbox import SandboxOrg
from tests.cli.commands import COMMAND, run, run_child
from tests.cli.folders import CHANNEL, Folder
from tests.cli.locks import held_lock

MODULES = "import sys; from reconciler.cli.main import main; main({!r}); print(*sorted(sys.modules))"

FAULTS = "RECONCILER_SANDBOX_FAULTS"
HANGING = {FAULTS: "GET * latency_s=60 times=always"}
"""The embedded org answers nothing but the token, for longer than any test waits."""

APPLY = ("apply", "-y", "--format", "json", "-vv")
POSTED = "POST /api/v2/customobjects/schemas ->"
"""The first schema is there as a draft; it is about to be published."""


@contextmanager
def started(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def shell(script: str, folder: Folder) -> subprocess.CompletedProcess[str]:
    command = " ".join(COMMAND)
    return subprocess.run(
        ["bash", "-c", script.replace("reconciler", command, 1)],
        cwd=folder.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("command", ["plan", "graph", "schema", "version", "plan --help"])
def test_reader_that_leaves_early_is_no_failure(command: str, applied: Folder) -> None:
    done = shell(f"set -o pipefail; reconciler {command} | true", applied)

    assert (done.returncode, done.stderr) == (0, "")


def test_exit_code_holds_where_nobody_reads(folder: Folder) -> None:
    done = shell("reconciler plan --detailed-exitcode | true; exit ${PIPESTATUS[0]}", folder)

    assert (done.returncode, done.stderr) == (2, "")


def test_apply_ends_well_where_nobody_reads_a_word(folder: Folder) -> None:
    done = shell("reconciler apply -y 2>&1 | true; exit ${PIPESTATUS[0]}", folder)

    assert done.returncode == 0
    assert json.loads(run_child("state", "list", "--format", "json", cwd=folder.root).out)["resources"]


@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_are_no_failure(streams: str, folder: Folder) -> None:
    assert shell(f"reconciler apply -y {streams}", folder).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
@pytest.mark.parametrize("command", ["plan", "plan --format json", "version"])
def test_full_disk_is_told_without_a_traceback(command: str, applied: Folder) -> None:
    done = shell(f"reconciler {command} > /dev/full", applied)

    assert done.returncode == 1
    assert "the result cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_json_is_utf8_whatever_the_locale(locale: str, folder: Folder) -> None:
    folder.path("manifests", "customer.yaml").write_text(
        folder.path("manifests", "customer.yaml")
        .read_text(encoding="utf-8")
        .replace("name: Customer", "name: Käufer"),
        encoding="utf-8",
    )
    done = subprocess.run(
        [*COMMAND, "plan", "--format", "json"],
        cwd=folder.root,
        env={**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0
    assert "Käufer" in done.stdout.decode("utf-8")
    assert json.loads(done.stdout)


def test_text_in_a_narrow_locale_is_shown_with_escapes(folder: Folder) -> None:
    path = folder.path("manifests", "customer.yaml")
    path.write_text(path.read_text(encoding="utf-8").replace("Customer", "Käufer"), encoding="utf-8")

    ran = run_child("plan", cwd=folder.root, env={"PYTHONIOENCODING": "ascii"})

    assert ran.code == 0
    assert "K\\xe4ufer" in ran.out


def test_sigint_while_planning_is_130_with_a_document(folder: Folder) -> None:
    with started("plan", "--format", "json", "-vv", cwd=folder.root, env=HANGING) as process:
        _wait_for(process, "/oauth/token")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert json.loads(out)["exit_code"] == 130
    assert "Traceback" not in err


def test_sigterm_before_anything_was_sent_is_130(folder: Folder) -> None:
    with started("apply", "-y", "-vv", cwd=folder.root, env=HANGING) as process:
        _wait_for(process, "/oauth/token")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_apply_lets_settle_what_was_sent(number: signal.Signals, folder: Folder) -> None:
    slow = {FAULTS: "PATCH *schemas/* latency_s=1 times=always"}
    with started(*APPLY, cwd=folder.root, env=slow) as process:
        _wait_for(process, POSTED)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)

    assert (process.returncode, json.loads(out)["status"]) == (130, "interrupted")
    assert _outcomes(out) == {"Schema/customer": "succeeded", "Schema/ticket": "skipped"}
    assert "stopping: nothing new starts" in err
    assert "Traceback" not in err
    _assert_next_run_converges()


@pytest.mark.parametrize(
    ("fault", "begun", "first", "second"),
    [
        ("PATCH *schemas/* latency_s=900 times=always", POSTED, signal.SIGINT, signal.SIGINT),
        ("POST *schemas status=429 retry_after=100", "throttled", signal.SIGTERM, signal.SIGTERM),
        ("PATCH *schemas/* status=503 retry_after=100", "PATCH /api/v2", signal.SIGTERM, signal.SIGINT),
    ],
    ids=["answer", "rate-limit", "repeat"],
)
def test_second_signal_stops_waiting(
    fault: str, begun: str, first: signal.Signals, second: signal.Signals, folder: Folder
) -> None:
    with started(*APPLY, cwd=folder.root, env={FAULTS: fault}) as process:
        _wait_for(process, begun)
        process.send_signal(first)
        _wait_for(process, "once more stops waiting")
        process.send_signal(second)
        out, err = process.communicate(timeout=60)

    assert (process.returncode, json.loads(out)["status"]) == (130, "interrupted")
    assert _outcomes(out) == {"Schema/customer": "unknown", "Schema/ticket": "skipped"}
    assert "waiting no longer" in err
    assert "Traceback" not in err
    _assert_next_run_converges()


def test_second_signal_stops_waiting_for_an_activation(folder: Folder) -> None:
    folder.write(chat=CHANNEL.replace("timeoutSeconds: 10", "timeoutSeconds: 900"))
    hangs = {FAULTS: "POST *configurations activation=hang"}
    with started(*APPLY, "--target", "Channel/chat", cwd=folder.root, env=hangs) as process:
        _wait_for(process, "POST /api/v2/wi/engagements/configurations ->")
        process.send_signal(signal.SIGTERM)
        _wait_for(process, "once more stops waiting")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)

    assert (process.returncode, _outcomes(out)) == (130, {"Channel/chat": "unsettled"})
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_that_waits_for_the_lock_ends_at_once(number: signal.Signals, applied: Folder) -> None:
    with (
        held_lock(applied.path("state")),
        started(*APPLY, "--lock-timeout", "900", cwd=applied.root) as process,
    ):
        _wait_for(process, "apply by alex")
        process.send_signal(number)
        out, err = process.communicate(timeout=60)

    assert (process.returncode, json.loads(out)["exit_code"]) == (130, 130)
    assert "Traceback" not in err


def test_recovery_that_is_interrupted_is_made_again(folder: Folder) -> None:
    hangs = {FAULTS: "PATCH *schemas/* latency_s=900 times=always"}
    with started(*APPLY, cwd=folder.root, env=hangs) as process:
        _wait_for(process, POSTED)
        process.kill()
    hangs = {FAULTS: "POST *schemas latency_s=900 times=always"}
    with started(*APPLY, cwd=folder.root, env=hangs) as process:
        _wait_for(process, "/api/v2/organizations/me ->")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)

    assert (process.returncode, json.loads(out)["exit_code"]) == (130, 130)
    assert "Traceback" not in err
    _assert_next_run_converges()


def test_impatience_disturbs_no_run_that_has_not_begun(folder: Folder) -> None:
    with started(*APPLY, cwd=folder.root, env=HANGING) as process:
        _wait_for(process, "/oauth/token")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
            process.send_signal(number)
        out, err = process.communicate(timeout=60)

    assert (process.returncode, json.loads(out)["format"]) == (130, "reconciler.error/1")
    assert "Traceback" not in err


def test_impatience_disturbs_no_run_that_is_ending(folder: Folder) -> None:
    slow = {FAULTS: "PATCH *schemas/* latency_s=900 times=always"}
    with started(*APPLY, cwd=folder.root, env=slow) as process:
        for line in (POSTED, "once more stops waiting", "waiting no longer"):
            _wait_for(process, line)
            process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)

    assert (process.returncode, json.loads(out)["format"]) == (130, "reconciler.apply/1")
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_served_sandbox_tells_how_to_use_it_and_ends_with_0(
    number: signal.Signals, folder: Folder, tmp_path: Path
) -> None:
    with started("sandbox", "serve", cwd=tmp_path) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        exported = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines[1:])
        folder.path("reconciler.yaml").unlink()
        ran = run_child("apply", "-y", "--new-state", cwd=folder.root, env=exported)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)

    assert exported["GENESYS_BASE_URL"] in lines[0]
    assert (ran.code, process.returncode, err) == (0, 0, "")


def test_served_sandbox_takes_client_faults_limit_and_data(folder: Folder, tmp_path: Path) -> None:
    options = "--client-id me --client-secret=s3cret --rate-limit 0 --activation 0 --format json"
    fault = ["--fault", "POST *schemas* status=400 times=1"]
    with started(
        "sandbox", "serve", *options.split(), *fault, "--data", "org.sqlite3", cwd=tmp_path
    ) as process:
        environment = _document(process)["environment"]
        folder.path("reconciler.yaml").unlink()
        codes = [
            run_child("apply", "-y", "--new-state", cwd=folder.root, env=environment).code for _ in range(2)
        ]

    assert (environment["GENESYS_CLIENT_ID"], environment["GENESYS_CLIENT_SECRET"]) == ("me", "s3cret")
    assert codes == [5, 0]
    assert (tmp_path / "org.sqlite3").exists()


def test_served_sandbox_takes_its_client_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENESYS_CLIENT_ID", "me")
    with started("sandbox", "serve", "--format", "json", cwd=tmp_path) as process:
        assert _document(process)["environment"]["GENESYS_CLIENT_ID"] == "me"


def test_port_that_is_taken_is_a_usage_error(org: SandboxOrg, tmp_path: Path) -> None:
    port = org.base_url.rpartition(":")[2]

    ran = run_child("sandbox", "serve", "--port", port, cwd=tmp_path)

    assert ran.code == 64
    assert f"cannot serve on 127.0.0.1:{port}" in ran.err


@pytest.mark.parametrize("command", [["version"], ["--version"]])
def test_version_loads_neither_parser_nor_any_heavy_library(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MODULES.format(command)], check=True, capture_output=True, text=True
    )

    loaded = {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert not loaded & {"asyncio", "typer", "click", "pydantic", "rich", "httpx", "sqlalchemy", "yaml"}


def test_validate_loads_neither_network_nor_store(folder: Folder) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MODULES.format(["validate"])],
        cwd=folder.root,
        check=True,
        capture_output=True,
        text=True,
    )

    loaded = {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert not loaded & {"httpx", "sqlalchemy", "starlette", "uvicorn"}


@pytest.mark.parametrize(
    ("words", "number", "expected"),
    [
        ("reconciler pl", 1, ["plan"]),
        ("reconciler state ", 2, ["list", "mv", "pull", "push", "rm", "show", "unlock"]),
    ],
)
def test_shell_completes_commands(words: str, number: int, expected: list[str], tmp_path: Path) -> None:
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(number), "_RECONCILER_COMPLETE": "complete_bash"}

    assert sorted(run_child(cwd=tmp_path, env=asked).out.split()) == expected


@pytest.mark.parametrize(("login", "first"), [("/usr/bin/fish", "complete "), ("/bin/tcsh", "_reconciler")])
def test_completion_is_for_the_shell_in_use(login: str, first: str, tmp_path: Path) -> None:
    assert run_child("completion", cwd=tmp_path, env={"SHELL": login}).out.startswith(first)


def _outcomes(report: str) -> dict[str, str]:
    return {found["address"]: found["outcome"] for found in json.loads(report)["results"]}


def _assert_next_run_converges() -> None:
    ran = run("apply", "-y", "--format", "json")
    assert (ran.code, ran.document["converged"]) == (0, True)
    assert run("plan", "--detailed-exitcode").code == 0


def _wait_for(process: subprocess.Popen[str], text: str) -> None:
    assert process.stderr is not None
    while text not in (line := process.stderr.readline()):
        assert line, "the command ended before"


def _document(process: subprocess.Popen[str]) -> dict[str, dict[str, str]]:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            break
    found: dict[str, dict[str, str]] = json.loads(text)
    return found
