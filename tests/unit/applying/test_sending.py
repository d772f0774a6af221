"""What must hold at the moment a step leaves."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.applying.context import Stop
from reconciler.applying.sending import send_once
from reconciler.errors import StateLocked
from reconciler.model.ports import Fence
from reconciler.model.remote import Answer, Request, Step


class LostLock:
    """A store whose lock somebody else has taken."""

    def check(self) -> None:
        raise StateLocked("taken")


class Org:
    """Counts what arrives; asks the fence before, as every client does."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(
        self, method: str, path: str, _body: object, *, fence: Fence, **_headers: object
    ) -> Answer:
        fence.check()
        self.sent.append(f"{method} {path}")
        return Answer(200)


def test_step_does_not_leave_once_the_lock_is_lost() -> None:
    """Also not after its intent was committed: a lock can go while an object is read again."""
    org, progress = Org(), SimpleNamespace(live=None)
    secrets = SimpleNamespace(digest=str)
    context = SimpleNamespace(org=org, store=LostLock(), secrets=secrets, stop=Stop())
    sending: Any = send_once

    with pytest.raises(StateLocked):
        asyncio.run(sending(progress, Step("create", Request("POST", "/api/v2/things", {})), "k", context))

    assert org.sent == []
