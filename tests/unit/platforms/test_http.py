"""A single call: its limits, its errors, and the secrets that no log or sentence may show."""

from __future__ import annotations

import gzip
import inspect
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.unit.platforms.replay import KEY, NOON, Replay, answer, fetch, sample
from tracking.errors import (
    ContractError,
    CredentialsError,
    PlatformUnavailableError,
    RateLimitedError,
    TrackingError,
)
from tracking.platforms import http
from tracking.platforms.http import _PHASES, HTTP_TIMEOUT_S, Credential, JsonApi, kind_of, retry_moment
from tracking.sentences import Sentence

HTTPX_ERRORS = [
    cls for name in httpx.__all__ if inspect.isclass(cls := getattr(httpx, name)) and issubclass(cls, Exception)
]


def api(replay: Replay) -> JsonApi:
    return JsonApi(
        "YouTube",
        "https://youtube.test/v3/",
        replay.setup(max_answer_mb=1),
        credential=lambda key: Credential(headers={"X-Goog-Api-Key": key}),
        errors=lambda status, body: None,
    )


def call(replay: Replay, method: str = "GET", seconds: float = 60, **options: Any) -> Any:
    return api(replay).call(method, "/thing", replay.clock.now() + timedelta(seconds=seconds), **options).body


@pytest.mark.parametrize("theirs", HTTPX_ERRORS, ids=lambda cls: cls.__name__)
def test_every_exception_of_httpx_has_its_error(theirs: type[Exception]) -> None:
    assert len(HTTPX_ERRORS) > 20
    assert kind_of(theirs.__new__(theirs)) in (PlatformUnavailableError, ContractError)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (httpx.ConnectTimeout("t"), PlatformUnavailableError),
        (httpx.ReadTimeout("t"), PlatformUnavailableError),
        (httpx.ConnectError("refused"), PlatformUnavailableError),
        (httpx.RemoteProtocolError("peer closed"), PlatformUnavailableError),
        (httpx.ProxyError("p"), PlatformUnavailableError),
        (httpx.DecodingError("gzip"), PlatformUnavailableError),
        (httpx.UnsupportedProtocol("htp://"), ContractError),
        (httpx.InvalidURL("bad"), ContractError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_transport_error_is_translated_and_keeps_its_cause(raised: Exception, expected: type[TrackingError]) -> None:
    with pytest.raises(expected) as failed:
        call(Replay().on("GET", raised))
    assert failed.value.__cause__ is raised
    assert "YouTube" in failed.value.message


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599, 408])
def test_server_error_with_any_body_is_unavailable(status: int) -> None:
    bodies: tuple[Any, ...] = ({"error": {}}, "<html>Bad Gateway</html>", "")
    for body in bodies:
        replay = Replay().on("GET", answer(body, status))
        with pytest.raises(PlatformUnavailableError):
            call(replay)
        assert len(replay.requests) == 1, "the state machine retries, not this call"


@pytest.mark.parametrize("status", [301, 304, 400, 404, 410, 418])
def test_unexpected_status_is_a_contract_error(status: int) -> None:
    with pytest.raises(ContractError):
        call(Replay().on("GET", answer("<html></html>", status)))


@pytest.mark.parametrize(
    "body",
    ["<!doctype html><html></html>", '{"items": [{"id": "UC_x5', "", "[]", '"text"', "12", "null", "[" * 100_000],
    ids=["html", "truncated", "empty", "list", "string", "number", "null", "deep"],
)
def test_response_that_is_no_json_object_is_a_contract_error(body: str) -> None:
    with pytest.raises(ContractError, match="YouTube gave an answer"):
        call(Replay().on("GET", answer(body)))


def test_cut_response_is_retried_for_get_and_never_for_post() -> None:
    cut, whole = answer('{"ite'), answer('{"items": []}')
    replay = Replay().on("GET", cut, "<html>", whole).on("POST", cut, whole)
    assert call(replay) == {"items": []}
    with pytest.raises(ContractError):
        call(replay, "POST")
    assert len(replay.asked("POST")) == 1


def test_a_list_is_taken_where_one_is_expected() -> None:
    assert call(Replay().on("GET", answer("[1]")), expect=list) == [1]
    with pytest.raises(ContractError):
        call(Replay().on("GET", {"data": []}), expect=list)


@pytest.mark.parametrize(
    ("headers", "slept"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Mon, 23 Nov 2026 12:00:09 GMT"}, 9),
        ({"x-rate-limit-reset": str(int(NOON.timestamp()) + 10)}, 10),
        ({"Retry-After": "0"}, 1),
        ({"x-rate-limit-reset": "1760000900"}, 1),  # in the past, because the clocks differ
    ],
)
def test_a_wait_that_ends_within_the_budget_is_waited_in_place(headers: dict[str, str], slept: float) -> None:
    replay = Replay().on("GET", answer({}, 429, headers), {"ok": True})
    assert call(replay) == {"ok": True}
    assert replay.clock.sleeps == [slept]


def test_a_longer_wait_is_left_to_the_caller() -> None:
    replay = Replay().on("GET", answer({}, 429, {"Retry-After": "11"}))
    with pytest.raises(RateLimitedError) as limited:
        call(replay, seconds=60)
    assert limited.value.retry_at == NOON + timedelta(seconds=11)
    assert replay.clock.sleeps == []


def test_retry_after_past_the_budget_raises_with_retry_at() -> None:
    replay = Replay().on("GET", answer("", 429, {"Retry-After": "900"}))
    with pytest.raises(RateLimitedError) as limited:
        call(replay, seconds=60)
    assert limited.value.retry_at == NOON + timedelta(seconds=900)
    assert replay.clock.sleeps == []


def test_waits_within_a_call_are_limited_in_number() -> None:
    replay = Replay().on("GET", answer({}, 429, {"Retry-After": "1"}))
    with pytest.raises(RateLimitedError):
        call(replay, seconds=600)
    assert replay.clock.sleeps == [1, 1]


def test_a_429_that_names_no_moment_is_raised_at_once() -> None:
    replay = Replay().on("GET", answer("Too many", 429))
    with pytest.raises(RateLimitedError) as limited:
        call(replay)
    assert limited.value.retry_at is None
    assert len(replay.requests) == 1


@pytest.mark.parametrize("value", ["soon", "-5", "1e9", "9" * 30, "Mon, 99 Nov 2026 12:00:00 GMT", ""])
def test_a_malformed_retry_after_names_no_moment(value: str) -> None:
    assert retry_moment({"retry-after": value}, NOON) is None


def test_http_phases_fit_the_call_limit_and_run_wait() -> None:
    """All phases together fit into the limit of a call. One read may last longer than Apify holds a call open."""
    phases = [_PHASES.connect, _PHASES.read, _PHASES.write, _PHASES.pool]
    assert all(phases)
    assert sum(phase or 0 for phase in phases) <= HTTP_TIMEOUT_S


def call_packed(packed: bytes, encoding: str, status: int = 200, headers: dict[str, str] | None = None) -> Any:
    """Return the body of an answer that arrives packed."""
    headers = {"content-encoding": encoding} | (headers or {})

    def serve(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(packed))

    replay = Replay()
    setup = replace(replay.setup(max_answer_mb=1), http=httpx.Client(transport=httpx.MockTransport(serve)))
    reader = JsonApi(
        "X", "https://x.test", setup, credential=lambda _: Credential(), errors=lambda _status, _body: None
    )
    return reader.call("GET", "/", replay.clock.now() + timedelta(seconds=60)).body


@pytest.mark.parametrize("pack", [lambda text: (text, "identity"), lambda text: (gzip.compress(text), "gzip")])
def test_body_over_the_limit_is_refused(pack: Callable[[bytes], tuple[bytes, str]]) -> None:
    """The limit counts unpacked bytes."""
    largest = json.dumps({"text": "x" * 999_988}).encode()
    assert len(largest) == 1_000_000
    assert len(call_packed(*pack(largest))["text"]) == 999_988
    with pytest.raises(ContractError) as refused:
        call_packed(*pack(largest + b" "))
    assert refused.value.__notes__ == ["GET /: more than 1,000,000 bytes"]


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "compress"])
def test_body_packed_in_another_way_is_refused(encoding: str) -> None:
    """A body that is packed twice could unpack to a million times its size."""
    with pytest.raises(ContractError) as refused:
        call_packed(gzip.compress(gzip.compress(b"{}")), encoding)
    assert refused.value.__notes__ == [f"GET /: content-encoding {encoding}"]


@pytest.mark.parametrize("value", ["[],", '{"a": 1},', '{"a": 1, "b": 2},', "[[[[]]]],", '"",', "0,"])
def test_body_with_too_many_values_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value takes up to 96 times its size when it is parsed."""
    monkeypatch.setattr(http, "_MAX_VALUES", 100)
    each = sum(map(value.count, ",[{"))
    most = '{"list": [' + value * ((100 - 2) // each) + "0]}"
    assert call_packed(most.encode(), "identity")["list"]
    with pytest.raises(ContractError) as refused:
        call_packed(most.replace("0]", value * 3 + "0]").encode(), "identity")
    assert refused.value.__notes__ == ["GET /: more than 100 commas, lists and objects"]


UNUSABLE = [(b"an error page", "br"), (b"x" * 1_000_001, "identity"), (b"[" * 1_000_000, "identity")]


@pytest.mark.parametrize(("packed", "encoding"), UNUSABLE, ids=["encoding", "size", "lists"])
def test_error_with_an_unusable_body_keeps_its_status(
    packed: bytes, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_MAX_VALUES", 100)
    with pytest.raises(PlatformUnavailableError):
        call_packed(packed, encoding, 503)
    with pytest.raises(RateLimitedError) as limited:
        call_packed(packed, encoding, 429, {"retry-after": "900"})
    assert limited.value.retry_at == NOON + timedelta(seconds=900)


@pytest.mark.parametrize("make", ["youtube", "twitter", "instagram", "tiktok"])
@pytest.mark.parametrize("key", ["", "  \n", "schlüssel", "two\nlines"])
def test_a_key_that_cannot_be_sent_is_refused_before_any_request(make: str, key: str) -> None:
    replay = Replay()
    name = {"youtube": "YouTube", "twitter": "X", "instagram": "Instagram", "tiktok": "TikTok"}[make]
    with pytest.raises(CredentialsError, match=name) as refused:
        fetch(getattr(replay, make)(lambda: key), "nasa", replay)
    assert key.strip() == "" or key not in str(refused.value)
    assert replay.requests == []


def test_error_of_reading_the_key_passes_unchanged() -> None:
    def missing() -> str:
        raise CredentialsError(Sentence("The secret cannot be read."))

    replay = Replay()
    with pytest.raises(CredentialsError, match="cannot be read"):
        fetch(replay.youtube(missing), "nasa", replay)


@pytest.mark.parametrize("make", ["youtube", "twitter", "instagram", "tiktok"])
@pytest.mark.parametrize("fault", [httpx.ConnectError("no route"), answer({"error": {"message": KEY}}, 403), "<html>"])
def test_no_key_in_logs_sentences_or_notes(make: str, fault: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    replay = Replay().on("", fault)
    with pytest.raises(TrackingError) as failed:
        fetch(getattr(replay, make)(), "nasa", replay)
    assert replay.requests
    in_query = {KEY in str(request.url) for request in replay.requests}
    in_headers = {KEY in " ".join(request.headers.values()) for request in replay.requests}
    assert (in_query, in_headers) == (({True}, {False}) if make == "youtube" else ({False}, {True}))
    assert KEY not in caplog.text
    assert KEY not in " ".join([str(failed.value), repr(failed.value), *getattr(failed.value, "__notes__", [])])


def test_the_log_gets_the_platforms_own_words_without_our_key() -> None:
    replay = Replay().on("GET", answer({"error": {"reason": "odd", "message": f"bad {KEY}"}}, 403))
    with pytest.raises(TrackingError) as failed:
        call(replay)
    (note,) = failed.value.__notes__
    assert note == 'GET /thing: HTTP 403, {"error": {"reason": "odd", "message": "bad ***"}}'
    assert "odd" not in str(failed.value)


def test_the_key_is_asked_for_at_each_call_and_stripped() -> None:
    keys = iter(["first\n", " second "])
    replay = Replay().on("GET", answer(sample("youtube/errors/channel_not_found_empty_items_200.json")))
    with pytest.raises(TrackingError):
        fetch(replay.youtube(lambda: next(keys)), "nasa", replay)
    assert [request.url.params["key"] for request in replay.requests] == ["first", "second"]


def test_key_that_is_gone_after_the_call_hides_no_error() -> None:
    keys = iter([KEY])
    replay = Replay().on("GET", answer({"error": {"message": KEY}}, 500))
    with pytest.raises(PlatformUnavailableError) as failed:
        fetch(replay.youtube(lambda: next(keys)), "nasa", replay)
    assert "***" in failed.value.__notes__[0]
