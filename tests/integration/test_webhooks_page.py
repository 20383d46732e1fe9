"""The receivers of docs/webhooks.md, run as they stand there, and reached by the real sender."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.paths import ROOT, WEB
from tracking.webhooks import Answer
from tracking.webhooks.signing import secret, signed_headers
from tracking.webhooks.web import WebhookWeb, webhook_client

PAGE = (ROOT / "docs/webhooks.md").read_text()
OLD, NEW = (secret("m" * 32, "org1", "endpoint1", version) for version in (1, 2))
PAYLOAD = json.dumps({"type": "webhook.test", "timestamp": "2026-11-30T09:15:02Z", "data": {"orgId": "org1"}})
ID = "test-1"


@dataclass(frozen=True)
class Receiver:
    port: int
    output: Path

    def post(self, payload: str = PAYLOAD, headers: dict[str, str] | None = None) -> Answer:
        web = WebhookWeb(webhook_client(anywhere=True), f"http://127.0.0.1:{self.port}")
        sent = signed_headers(payload, ID, datetime.now(UTC), [NEW]) | (headers or {})
        return web.post("https://hooks.example.com/tracking", sent, payload.encode())


def code(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return str(found)


@pytest.fixture(params=["python", "js"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    """Start the page's receiver with the new secret."""
    if request.param == "python":
        command = [sys.executable, "-c", code("python")]
    elif not shutil.which("node") or not (WEB / "node_modules/standardwebhooks").is_dir():
        pytest.skip("Node's packages are not installed")
    else:
        command = ["node", "--input-type=module", "--eval", code("js")]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    output = tmp_path / "output"
    environment = os.environ | {"WEBHOOK_SECRET": NEW, "PORT": str(port)}
    with output.open("wb") as out:
        server = subprocess.Popen(command, cwd=WEB, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        _wait_for(port, server, output)
        yield Receiver(port, output)
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(port: int, server: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert server.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.05)
        else:
            return


def test_page_names_the_numbers_of_the_contract() -> None:
    contract = json.loads((ROOT / "contracts/webhooks.json").read_text())
    (told,) = re.findall(r"made again:\*\* (.*?), each 10 %", PAGE, re.DOTALL)
    first, minutes, hours = (re.findall(r"[0-9]+", part) for part in re.split(r"seconds|minutes", told))
    waits = [*map(int, first), *(60 * int(one) for one in minutes), *(3_600 * int(one) for one in hours)]
    assert [0, *waits] == contract["scheduleS"]
    assert f"For {contract['secretOverlapH']} hours each delivery has two signatures" in PAGE
    assert f"up to {contract['endpoint']['limits']['url']:,} characters" in PAGE


def test_receiver_of_the_page_takes_a_delivery_once(receiver: Receiver) -> None:
    assert [receiver.post().status for _ in range(3)] == [204] * 3
    assert receiver.output.read_text().count("webhook.test") == 1


def test_receiver_of_the_page_refuses_what_is_not_ours(receiver: Receiver) -> None:
    good = signed_headers(PAYLOAD, ID, datetime.now(UTC), [NEW])
    refused = [
        receiver.post(PAYLOAD.replace("org1", "org2"), good),
        receiver.post(headers=signed_headers(PAYLOAD, ID, datetime.now(UTC), [OLD])),
        receiver.post(headers=signed_headers(PAYLOAD, ID, datetime.now(UTC) - timedelta(minutes=6), [NEW])),
        receiver.post(headers={"webhook-id": "another"}),
        receiver.post(headers={"webhook-signature": ""}),
        receiver.post(headers={"webhook-signature": "nonsense"}),
        receiver.post(headers={"webhook-signature": "v1,a"}),
    ]
    assert [answer.status for answer in refused] == [401] * len(refused)
    assert "webhook.test" not in receiver.output.read_text()
    assert receiver.post().status == 204


def test_receiver_of_the_page_takes_a_rotation(receiver: Receiver) -> None:
    """Both secrets sign, and the receiver knows one."""
    both = signed_headers(PAYLOAD, ID, datetime.now(UTC), [OLD, NEW])
    assert receiver.post(headers=both).status == 204
