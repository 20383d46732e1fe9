"""The simulator as a server: control calls, the journal, many callers at once, and its end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

import local.simulator
from local.simulator import running
from tests.integration.simulator.calls import TIKTOK, Controlled, tiktok_input
from tests.pictures import opened

ROOT = Path(local.simulator.__file__).resolve().parents[2]


@pytest.fixture
def control(simulator: Controlled) -> httpx.Client:
    return simulator.control


def test_it_says_when_it_is_ready_and_what_it_knows(simulator: Controlled) -> None:
    assert httpx.get(f"{simulator.url}/healthz").status_code == 200
    overview = httpx.get(f"{simulator.url}/").text
    assert overview == local.simulator.__doc__
    assert all(address in overview for address in ("/youtube/v3", "/x/2", "/apify/v2"))


def test_each_address_has_a_picture_of_its_own(simulator: Controlled) -> None:
    def drawn(address: str) -> bytes:
        answer = httpx.get(f"{simulator.url}/pictures", params={"url": address})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
        return answer.content

    first = drawn("https://i.ytimg.com/vi/a/hq.jpg?sqp=1")
    assert opened(first).size == (640, 360)
    assert drawn("https://i.ytimg.com/vi/a/hq.jpg?sqp=2") == first  # the same picture under another signature
    assert drawn("https://i.ytimg.com/vi/b/hq.jpg") != first
    assert httpx.get(f"{simulator.url}/pictures").status_code == 400


def test_a_path_of_no_api_is_not_found(simulator: Controlled) -> None:
    assert httpx.get(f"{simulator.url}/youtube/v2/channels").status_code == 404


def test_faults_are_told_and_forgotten_by_control_calls(control: httpx.Client, x: httpx.Client) -> None:
    told = control.post("/faults", json={"platform": "twitter", "username": None, "kind": "503", "times": None})
    failing = x.get("/users/by/username/NatComm").status_code
    forgotten = control.delete("/faults")

    assert (told.status_code, failing, forgotten.status_code) == (204, 503, 204)
    assert x.get("/users/by/username/NatComm").status_code == 200


def test_forgetting_faults_lets_names_count_anew(control: httpx.Client, x: httpx.Client) -> None:
    def ask() -> int:
        return x.get("/users/by/username/sim_503x1").status_code

    before = [ask(), ask()]
    control.delete("/faults")

    assert [*before, ask(), ask()] == [503, 200, 503, 200]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"kind": "sleepy"}', b'{"kind": "503", "platform": "x"}'])
def test_a_fault_that_is_not_understood_is_refused(control: httpx.Client, body: bytes) -> None:
    answer = control.post("/faults", content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_an_unknown_control_call_is_refused(control: httpx.Client) -> None:
    assert control.get("/faults").status_code == 404


def test_the_journal_tells_what_was_asked_and_masks_keys(
    control: httpx.Client, youtube: httpx.Client, simulator: Controlled
) -> None:
    youtube.get("/channels", params={"part": "snippet", "forHandle": "@GoogleDevelopers"})
    httpx.post(f"{simulator.url}/apify/v2{TIKTOK}?token=t-secret", json=tiktok_input("SIM_503x1"))
    answer = control.get("/requests")
    first, second = answer.json()["requests"]

    assert "k-1" not in answer.text
    assert "t-secret" not in answer.text
    assert first["time"] <= second["time"]
    del first["time"], second["time"]
    assert first == {
        "method": "GET",
        "path": "/youtube/v3/channels",
        "query": {"key": "***", "part": "snippet", "forHandle": "@GoogleDevelopers"},
        "body": None,
        "platform": "youtube",
        "username": "googledevelopers",
        "faults": [],
        "status": 200,
    }
    assert (second["platform"], second["username"]) == ("tiktok", "sim_503x1")
    assert (second["status"], second["faults"], second["body"]) == (503, ["503"], tiktok_input("SIM_503x1"))


def test_open_request_is_in_the_journal_without_a_status(simulator: Controlled, x: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout):
        x.get("/users/by/username/sim_slow_30", timeout=0.2)

    (entry,) = simulator.requests(platform="twitter", username="sim_slow_30")
    assert entry["status"] is None


def test_the_journal_and_the_runs_can_be_cleared(
    control: httpx.Client, apify: httpx.Client, simulator: Controlled
) -> None:
    apify.post(TIKTOK, json=tiktok_input("nba"))
    control.delete("/requests")
    control.delete("/runs")

    assert simulator.requests() == []
    assert apify.get(TIKTOK).json()["data"]["total"] == 0


def test_a_reset_is_as_good_as_a_new_start(simulator: Controlled, apify: httpx.Client) -> None:
    simulator.fault("500", times=1)
    codes = [apify.post(TIKTOK, json=tiktok_input("sim_503x1")).status_code for _ in range(2)]
    simulator.reset()

    assert (codes, simulator.requests()) == ([500, 503], [])
    assert apify.post(TIKTOK, json=tiktok_input("sim_503x1")).status_code == 503
    assert apify.get(TIKTOK).json()["data"]["total"] == 0


def test_many_callers_at_once_share_one_count(simulator: Controlled, x: httpx.Client) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: x.get("/users/by/username/sim_503x20").status_code, range(100)))

    assert Counter(answers) == {503: 20, 200: 80}
    assert len(simulator.requests(username="sim_503x20", status=503)) == 20


def test_one_connection_serves_many_requests(simulator: Controlled) -> None:
    host, port = simulator.url.removeprefix("http://").split(":")
    request = b"GET /healthz HTTP/1.1\r\nHost: simulator\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        for _ in range(3):
            connection.sendall(request)
            answer = connection.recv(4096)
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK")
            assert f"Content-Length: {len(body)}".encode() in head


def test_open_connections_do_not_delay_the_end() -> None:
    before = set(threading.enumerate())
    with httpx.Client(timeout=60) as client, running() as simulator:  # the client closes last
        client.get(f"{simulator.url}/healthz")
        url = f"{simulator.url}/x/2/users/by/username/sim_slow_60"
        caller = threading.Thread(target=_ask, args=(url,))
        caller.start()
        _until(lambda: "sim_slow_60" in client.get(f"{simulator.url}/control/requests").text)
        ended_s = time.monotonic()

    assert time.monotonic() - ended_s < 2
    caller.join(5)
    assert not caller.is_alive()
    assert set(threading.enumerate()) <= before


def _ask(url: str) -> None:
    with suppress(httpx.HTTPError):  # the answer comes early or not at all
        httpx.get(url, headers={"Authorization": "Bearer b-1"}, timeout=60)


def _until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_logs_without_keys_and_ends_when_told(ending: signal.Signals) -> None:
    command = [sys.executable, "-u", "-m", "local.simulator", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        first = process.stdout.readline()
        url = first.split()[3]
        httpx.get(f"{url}/youtube/v3/channels?part=snippet&forHandle=@CSPAN&key=k-secret").raise_for_status()
        process.send_signal(ending)
        out, err = process.communicate(timeout=5)

    assert first.startswith("Platform simulator on http://127.0.0.1:")
    assert out == "GET /youtube/v3/channels?part=snippet&forHandle=@CSPAN&key=*** -> 200\n"
    assert (process.returncode, err) == (0, "")


def test_a_port_that_is_taken_is_one_sentence(simulator: Controlled) -> None:
    port = simulator.url.rpartition(":")[2]
    command = [sys.executable, "-m", "local.simulator", "--port", port]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10, check=False)

    sentence = f"Cannot listen on 127.0.0.1:{port}: Address already in use. Choose another --port.\n"
    assert (ended.returncode, ended.stderr) == (1, sentence)
