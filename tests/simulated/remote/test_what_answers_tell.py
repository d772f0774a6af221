"""What a client remembers of its answers besides their bodies: clock, rate limit, the token's lifetime."""

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import pytest

from reconciler.model.remote import get
from reconciler.remote import Window
from tests.simulated.remote.scripted import TOKEN, Scene, Scripted, scene, token

QUEUE = "/api/v2/routing/queues/q1"
LIMITED = {"inin-ratelimit-allowed": "300", "inin-ratelimit-count": "7", "inin-ratelimit-reset": "30"}


def test_nothing_is_known_before_the_first_answer() -> None:
    async def told() -> None:
        async with scene() as at:
            assert (at.client.clock_skew_s, at.client.rate_window, at.client.token_lifetime_s) == (None,) * 3

    asyncio.run(told())


@pytest.mark.parametrize("ahead_s", [0, 45, -45])
def test_clock_is_compared_with_the_answer_s_date(ahead_s: int) -> None:
    async def told() -> None:
        async with scene() as at:
            said = at.clock.now().replace(microsecond=0) - timedelta(seconds=ahead_s)
            await _read(at, Scripted(200, {"id": "q1"}, {"Date": format_datetime(said, usegmt=True)}))
            assert at.client.clock_skew_s == pytest.approx(ahead_s, abs=1)

    asyncio.run(told())


def test_answer_that_says_less_leaves_what_is_known() -> None:
    async def told() -> None:
        async with scene() as at:
            date = format_datetime(at.clock.now(), usegmt=True)
            await _read(at, Scripted(200, {"id": "q1"}, {**LIMITED, "Date": date}))
            await _read(at, Scripted(200, {"id": "q1"}, {"Date": "soon"}))
            assert at.client.rate_window == Window(300, 7, 30.0)
            assert at.client.clock_skew_s is not None

    asyncio.run(told())


@pytest.mark.parametrize(("expires_in", "lifetime_s"), [(3600, 3600.0), ("90", 90.0), (None, None)])
def test_lifetime_is_what_the_login_host_said(expires_in: int | str | None, lifetime_s: float | None) -> None:
    async def told() -> float | None:
        async with scene() as at:
            at.host.on("POST", TOKEN, token("t", expires_in=expires_in))
            await _read(at, Scripted(200, {"id": "q1"}))
            return at.client.token_lifetime_s

    assert asyncio.run(told()) == lifetime_s


async def _read(at: Scene, answer: Scripted) -> None:
    at.host.on("GET", QUEUE, answer)
    await at.client.read(get(QUEUE))
