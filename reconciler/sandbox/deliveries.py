"""Webhook deliveries: POSTs of routing events to the webhooks that want them (platform-api.md, section 6).

They are sent by one background thread, so that no request waits for somebody else's listener; one that fails
is lost, as on the platform.
"""

import hmac
import logging
import queue
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from uuid import uuid4

from reconciler.sandbox.documents import Document, as_list, as_text, encode
from reconciler.sandbox.state import OrgState

_TIMEOUT_S = 5.0
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Post:
    url: str
    body: bytes
    signature: str | None


class Deliveries:
    """Sends events out, one after the other."""

    def __init__(self, state: OrgState) -> None:
        """Start idle; the thread starts with the first event."""
        self._state = state
        self._waiting: queue.SimpleQueue[_Post | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def announce(self, event: str, body: Document) -> None:
        """Send an event to every enabled webhook that wants it."""
        for entry in self._state.collection("webhooks").entries():
            webhook = entry.document
            if webhook.get("enabled") is True and event in as_list(webhook["events"]):
                told: Document = {
                    "eventType": event,
                    "id": str(uuid4()),
                    "timestamp": self._state.clock.timestamp(),
                    **body,
                }
                self._send(webhook, encode(told))

    def close(self) -> None:
        """Stop once what waits was sent."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(_TIMEOUT_S)
            self._thread = None

    def _send(self, webhook: Document, body: bytes) -> None:
        secret = as_text(webhook.get("secret"))
        signature = hmac.new(secret.encode(), body, "sha256").hexdigest() if secret else None
        self._waiting.put(_Post(as_text(webhook["endpointUrl"]), body, signature))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (post := self._waiting.get()) is not None:
            _post(post)


def _post(post: _Post) -> None:
    headers = {"Content-Type": "application/json", "User-Agent": "sandbox-org"}
    if post.signature is not None:
        headers["X-Genesys-Signature"] = f"sha256={post.signature}"
    # The rules of webhooks let only https and loopback http addresses in.
    request = urllib.request.Request(post.url, data=post.body, headers=headers, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S):  # noqa: S310 - see above
            pass
    except (urllib.error.URLError, OSError, ValueError) as error:
        _logger.info("the webhook delivery to %s failed: %s", post.url, error)
