"""Signatures of webhooks, verified by PyPI's `standardwebhooks`. web/tests/unit/webhookSignature.test.ts uses npm's."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tracking.webhooks.signing import OVERLAP, secret, secrets_of, signed_headers

CONTRACT = json.loads((Path(__file__).parents[2] / "contracts/webhooks.json").read_text())
MASTER = "m" * 32
PAYLOAD = '{"type":"webhook.test","timestamp":"2026-11-30T09:15:02Z","data":{"orgId":"org1"}}'


def now() -> datetime:
    return datetime.now(UTC)  # the libraries compare with the real time


def headers(secrets: list[str], at: datetime | None = None, payload: str = PAYLOAD) -> dict[str, str]:
    return signed_headers(payload, "job1-1-0a1b-completed", at or now(), secrets)


def test_receiver_verifies_a_delivery() -> None:
    key = secret(MASTER, "org1", "endpoint1", 1)
    assert Webhook(key).verify(PAYLOAD, headers([key])) == json.loads(PAYLOAD)


def test_body_beyond_ascii_is_verified_by_its_bytes() -> None:
    key, payload = secret(MASTER, "org1", "endpoint1", 1), '{"title":"Gr\u00fc\u00dfe \U0001f680"}'
    Webhook(key).verify(payload.encode(), headers([key], payload=payload))


def test_each_changed_byte_fails_the_signature() -> None:
    key = secret(MASTER, "org1", "endpoint1", 1)
    sent, receiver = headers([key]), Webhook(key)
    for place in range(len(PAYLOAD)):
        changed = PAYLOAD[:place] + chr(ord(PAYLOAD[place]) ^ 1) + PAYLOAD[place + 1 :]
        with pytest.raises(WebhookVerificationError):
            receiver.verify(changed, sent)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_changed_header_fails_the_signature(name: str) -> None:
    key = secret(MASTER, "org1", "endpoint1", 1)
    sent = headers([key])
    sent[name] = sent[name][:-2] + ("00" if sent[name][-2:] != "00" else "11")
    with pytest.raises(WebhookVerificationError):
        Webhook(key).verify(PAYLOAD, sent)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_old_or_early_timestamp_fails(minutes: int) -> None:
    key = secret(MASTER, "org1", "endpoint1", 1)
    with pytest.raises(WebhookVerificationError, match="timestamp"):
        Webhook(key).verify(PAYLOAD, headers([key], now() + timedelta(minutes=minutes)))


def test_secret_of_another_endpoint_fails() -> None:
    sent = headers([secret(MASTER, "org1", "endpoint1", 1)])
    others = [
        secret(MASTER, "org2", "endpoint1", 1),
        secret(MASTER, "org1", "endpoint2", 1),
        secret(MASTER, "org1", "endpoint1", 2),
        secret("n" * 32, "org1", "endpoint1", 1),
    ]
    for other in others:
        with pytest.raises(WebhookVerificationError):
            Webhook(other).verify(PAYLOAD, sent)


def test_both_secrets_verify_during_a_rotation() -> None:
    rotated_at = now() - timedelta(hours=23)
    secrets = secrets_of(MASTER, "org1", "endpoint1", version=3, rotated_at=rotated_at, now=now())
    assert list(secrets) == [secret(MASTER, "org1", "endpoint1", version) for version in (3, 2)]
    assert secrets.previous_until == rotated_at + timedelta(hours=CONTRACT["secretOverlapH"])
    for each in secrets:
        Webhook(each).verify(PAYLOAD, headers(list(secrets)))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret(MASTER, "org1", "endpoint1", 1)).verify(PAYLOAD, headers(list(secrets)))


@pytest.mark.parametrize(
    ("version", "rotated_ago"),
    [(1, None), (2, OVERLAP), (2, timedelta(days=30)), (1, timedelta(hours=1)), (2, None)],
)
def test_one_secret_signs_outside_of_a_rotation(version: int, rotated_ago: timedelta | None) -> None:
    """Version 1 has none before it, whatever a hand has written."""
    at = now()
    rotated_at = at - rotated_ago if rotated_ago else None
    secrets = secrets_of(MASTER, "org1", "endpoint1", version=version, rotated_at=rotated_at, now=at)
    assert list(secrets) == [secret(MASTER, "org1", "endpoint1", version)]
    assert (secrets.previous, secrets.previous_until) == (None, None)


def test_secrets_are_not_shown_by_repr() -> None:
    secrets = secrets_of(MASTER, "org1", "endpoint1", version=2, rotated_at=now(), now=now())
    assert all(each not in repr(secrets) for each in secrets)


ID = st.text(alphabet='|,"\\[] 1a', max_size=6)
NAME = st.tuples(ID, ID, st.integers(1, 99))


@given(NAME, NAME)
def test_two_endpoints_have_two_secrets(one: tuple[str, str, int], other: tuple[str, str, int]) -> None:
    assert (secret(MASTER, *one) == secret(MASTER, *other)) == (one == other)


def test_separator_within_an_id_gives_another_secret() -> None:
    made = [secret(MASTER, *ids, 1) for ids in [("a|b", "c"), ("a", "b|c"), ('a","b', "c"), ("a", 'b","c')]]
    assert all(one != other for one, other in itertools.combinations(made, 2))


def test_contract_example_is_signed_as_it_says() -> None:
    """npm's library verifies the same example."""
    example = CONTRACT["signatureExample"]
    key = secret(example["master"], example["orgId"], example["endpointId"], example["version"])
    assert key == example["secret"]
    at = datetime.fromisoformat(example["at"])
    assert signed_headers(example["payload"], example["headers"]["webhook-id"], at, [key]) == example["headers"]
