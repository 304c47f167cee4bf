"""Ways to speak with an embedded server, and how long to wait for one."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from turnout.transport.local_server import Endpoint

LOAD_SECONDS = 60.0


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def soon() -> float:
    return time.monotonic() + LOAD_SECONDS


def post(endpoint: Endpoint, path: str, body: Any, *, key: str | None = None) -> Answer:
    """A plain HTTP exchange: nothing of Turnout's transport or wires is in between."""
    connection = http.client.HTTPConnection(str(urlsplit(endpoint.base_url).netloc), timeout=LOAD_SECONDS)
    headers = {"content-type": "application/json", "authorization": f"Bearer {endpoint.key if key is None else key}"}
    try:
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()
