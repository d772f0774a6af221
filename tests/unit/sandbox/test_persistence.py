"""The data file, the seeds, and serving (design.md, section 9)."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from reconciler.sandbox import SandboxOptions, SandboxOrg, reset, running_sandbox
from reconciler.sandbox.documents import Document, as_list, as_number
from reconciler.sandbox.seeds import QUEUES, seeded_objects
from tests.unit.sandbox.caller import CHANNELS, SUPPORT_QUEUE, WIDGETS, Caller, channel, weight, widget


def _options(folder: Path) -> SandboxOptions:
    return SandboxOptions(data=folder / "state" / "org.sqlite")


def _everything(org: SandboxOrg) -> dict[str, list[Document]]:
    return {name: list(org.collection(name).all()) for name in org.names()}


def test_objects_and_identity_outlive_a_restart(tmp_path: Path) -> None:
    with running_sandbox(_options(tmp_path)) as org, Caller.of(org) as caller:
        caller.made(WIDGETS, widget())
        caller.patch(*weight("Ada Ahmed", 0.2))
        caller.patch(SUPPORT_QUEUE, {"wrapUpTimeout": 5})
        gone = caller.made(WIDGETS, widget(name="Gone"))
        caller.delete(f"{WIDGETS}/{gone['id']}")
        before, org_id = _everything(org), org.org_id

    with running_sandbox(_options(tmp_path), clock=lambda: 0.0) as org:
        assert (_everything(org), org.org_id) == (before, org_id)


def test_remembered_keys_and_coming_statuses_outlive_a_restart(tmp_path: Path) -> None:
    with running_sandbox(_options(tmp_path), clock=lambda: 100.0) as org, Caller.of(org) as caller:
        made = caller.made(CHANNELS, channel(), Idempotency_Key="k")

    with running_sandbox(_options(tmp_path), clock=lambda: 101.0) as org, Caller.of(org) as caller:
        again = caller.post(CHANNELS, channel(), Idempotency_Key="k")
        assert (again.status, again.document) == (200, made)
        assert caller.get(f"{CHANNELS}/{made['id']}").document["status"] == "active"


def test_two_orgs_on_one_file_see_each_others_changes(tmp_path: Path) -> None:
    with (
        running_sandbox(_options(tmp_path)) as one,
        running_sandbox(_options(tmp_path)) as other,
        Caller.of(one) as here,
        Caller.of(other) as there,
    ):
        made = here.made(WIDGETS, widget())

        assert there.get(f"{WIDGETS}/{made['id']}").document == made
        assert there.post(WIDGETS, widget()).code == "duplicate"
        assert one.org_id == other.org_id


def test_reset_puts_the_seeds_back_and_keeps_the_identity(tmp_path: Path) -> None:
    with running_sandbox(_options(tmp_path), clock=lambda: 0.0) as org, Caller.of(org) as caller:
        fresh, org_id = _everything(org), org.org_id
        caller.made(WIDGETS, widget(), Idempotency_Key="k")
        caller.patch(*weight("Ada Ahmed", 0.2))

    assert reset(tmp_path / "state" / "org.sqlite", clock=lambda: 0.0) == org_id

    with running_sandbox(_options(tmp_path), clock=lambda: 0.0) as org:
        assert _everything(org) == fresh


def test_org_without_seeds_is_empty_but_has_an_identity() -> None:
    org = SandboxOrg(SandboxOptions(seed=False, org_id="the-org", org_name="Mine"))

    assert [len(org.collection(name)) for name in org.names() if name != "organization"] == [0] * 14
    assert org.org_id == "the-org"


def test_two_orgs_have_different_identities_and_equal_seed_ids() -> None:
    one, other = SandboxOrg(clock=lambda: 0.0), SandboxOrg(clock=lambda: 0.0)

    assert one.org_id != other.org_id
    assert one.collection("queues").all() == other.collection("queues").all()


def test_seeds_are_the_small_contact_centre() -> None:
    queues = {str(each["name"]): each for each in seeded_objects(0.0)["queues"].values()}
    support, overflow = queues["Support"], queues["Support Overflow"]

    assert list(queues) == [
        "Support",
        "Support Overflow",
        "Sales",
        "Sales Overflow",
        "Billing",
        "Night",
        "Unstaffed",
    ]
    assert support["language"] == overflow["language"]
    assert set(map(str, as_list(support["skills"]))) < set(map(str, as_list(overflow["skills"])))
    assert [name for name, each in queues.items() if not each["routingStrategies"]] == ["Night"]
    assert (queues["Unstaffed"]["agentsAvailable"], queues["Unstaffed"]["longestWait"]) == (0, 600)


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.name)
def test_seeded_scores_sum_to_less_than_one(queue: object) -> None:
    members = [
        each for each in seeded_objects(0.0)["members"].values() if each["queueId"] == _queue_id(queue)
    ]

    assert 0 < sum(as_number(each["score"]) for each in members) < 1


def _queue_id(queue: object) -> str:
    (found,) = [
        key
        for key, each in seeded_objects(0.0)["queues"].items()
        if each["name"] == getattr(queue, "name", None)
    ]
    return found


def test_taken_port_is_an_error() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use"),
        running_sandbox(port=taken.getsockname()[1]),
    ):
        pass


def test_stopped_org_no_longer_answers() -> None:
    with running_sandbox() as org:
        address = org.base_url

    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)


_SERVE = """
import sys
from reconciler.sandbox import serve
serve(on_ready=lambda org: print(org.base_url, flush=True))
print("ended", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert httpx.get(f"{address}/sandbox/requests", trust_env=False).json() == {"requests": []}

        os.kill(process.pid, number)

        out, err = process.communicate(timeout=10)
        assert (out, err, process.returncode) == ("ended\n", "", 0)


def test_objects_are_for_their_owner_only(tmp_path: Path) -> None:
    data = tmp_path / "org.sqlite3"
    with running_sandbox(SandboxOptions(data=data)):
        assert data.stat().st_mode & 0o777 == 0o600
