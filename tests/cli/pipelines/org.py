"""An org that another process serves, and somebody who changes it by hand."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

from tests.cli.commands import COMMAND
from tests.cli.pipelines.jobs import ROOT

CLIENT = {"PROD_CLIENT_ID": "sandbox-client", "PROD_CLIENT_SECRET": "sandbox-secret"}


@dataclass(frozen=True, slots=True)
class Org:
    """What answers at a URL."""

    url: str

    def schema(self) -> Any:  # noqa: ANN401
        """The schema that the example declares; None as long as there is none."""
        found = self._send("GET", "/api/v2/customobjects/schemas?pageSize=100")["entities"]
        return next((one for one in found if one["externalId"] == "customer"), None)

    def widget(self) -> Any:  # noqa: ANN401
        """The widget that the example declares."""
        return self._widget()[1]

    def draw_widget_as(self, kind: str) -> None:
        """What somebody does in the web client."""
        path, widget = self._widget()
        widget["visualization"] = {"type": kind}
        self._send("PUT", path, widget)

    def _widget(self) -> tuple[str, dict[str, Any]]:
        boards = self._send("GET", "/api/v2/analytics/dashboards?name=Support%20Overview")["entities"]
        path = f"/api/v2/analytics/dashboards/{boards[0]['id']}/widgets"
        found = [one for one in self._send("GET", path)["entities"] if one["name"] == "Handle time"]
        return f"{path}/{found[0]['id']}", found[0]

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        text = json.dumps(body).encode() if body is not None else None
        return _answer(Request(self.url + path, text, headers, method=method))  # noqa: S310

    def _token(self) -> str:
        pair = f"{CLIENT['PROD_CLIENT_ID']}:{CLIENT['PROD_CLIENT_SECRET']}"
        headers = {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = b"grant_type=client_credentials"
        asked = Request(f"{self.url}/oauth/token", body, headers)  # noqa: S310
        return str(_answer(asked)["access_token"])


def _answer(asked: Request) -> Any:  # noqa: ANN401
    with urlopen(asked, timeout=60) as answer:  # noqa: S310  # a server that this test started
        return json.load(answer)


@contextmanager
def served_org() -> Iterator[Org]:
    """An org as `sandbox serve` serves it."""
    words = ["sandbox", "serve", "--rate-limit", "0", "--activation", "0"]
    with subprocess.Popen(
        [*COMMAND, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
            assert found, "the sandbox did not start"
            yield Org(found[0])
        finally:
            process.terminate()
