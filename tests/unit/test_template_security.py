"""The judgement over Checkov's findings. Checkov itself runs in `make nightly`."""

from __future__ import annotations

from tests.template_security import ACCEPTED, verdict

ONE = {"CKV_AWS_1": "for a reason"}


def test_finding_with_a_reason_is_accepted() -> None:
    assert verdict({"CKV_AWS_1: wants it": ["A", "B"]}, ONE) == []


def test_finding_without_a_reason_is_named_with_its_resources() -> None:
    found = {"CKV_AWS_1: wants it": ["A"], "CKV_AWS_2: wants more": ["A", "B"]}
    assert verdict(found, ONE) == ["CKV_AWS_2: wants more (A, B)"]


def test_reason_that_no_finding_needs_is_named() -> None:
    assert verdict({}, ONE) == ["CKV_AWS_1: no finding needs this reason any longer"]


def test_each_reason_is_a_sentence() -> None:
    assert all(len(reason.split()) > 5 for reason in ACCEPTED.values())
