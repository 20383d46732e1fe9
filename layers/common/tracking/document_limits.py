"""Firestore's limits, and how foreign data is made to keep them: https://firebase.google.com/docs/firestore/quotas#limits

Sizes are counted as Firestore counts them: https://firebase.google.com/docs/firestore/storage-size
"""

from __future__ import annotations

from typing import Any

MAX_DOCUMENT_ID_BYTES = 1_500
MAX_ID_LENGTH = 128
"""In characters: of the ids that travel through the states of an execution, which are held under 16 KB."""
MAX_SENTENCE_BYTES = 1_500
"""Of a job's message and error. An index holds no more of a text."""
MAX_DOCUMENT_BYTES = 1_048_576
MAX_FIELDS_BYTES = 1_000_000
"""Of what we write. The rest is for the document's path, and for fields that others wrote beside ours."""

MAX_ELEMENTS = 1_000
"""Of a list: each is an index entry, and a document may have 40,000."""

_NUMBER_BYTES = 8  # a timestamp's, too
_ENVELOPE_BYTES = 300  # of a write: the database's name before the path, the precondition, lengths
_FIELD_BYTES = 24


def is_document_id(value: str) -> bool:
    """Whether it can be one part of a document's path.

    `__.*__` is Firestore's own. It is taken widely: what begins with `__` and ends with it is refused, `__` too.
    """
    is_reserved = value in {".", ".."} or (value.startswith("__") and value.endswith("__"))
    if not value or "/" in value or is_reserved:
        return False
    try:
        return len(value.encode()) <= MAX_DOCUMENT_ID_BYTES
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def cut(text: str, max_bytes: int) -> str:
    """Shorten to `max_bytes` of UTF-8 between two characters, ending in an ellipsis."""
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    ellipsis = "…"
    return encoded[: max(0, max_bytes - len(ellipsis.encode()))].decode(errors="ignore") + ellipsis


def fitted(fields: dict[str, Any], max_bytes: int = MAX_FIELDS_BYTES) -> dict[str, Any]:
    """Cut the largest texts and lists until a document can hold the fields."""
    fitting = {name: value[:MAX_ELEMENTS] if isinstance(value, list) else value for name, value in fields.items()}
    while (excess := stored_bytes(fitting) - max_bytes) > 0:
        largest = max(fitting, key=lambda name: _stored_bytes(fitting[name]))
        value, size = fitting[largest], _stored_bytes(fitting[largest])
        kept_bytes = max(size - excess, size // 2)  # by halves at most, so that two large ones share what there is
        fitting[largest] = _first_of(value, kept_bytes) if isinstance(value, list) else cut(value, kept_bytes - 1)
    return fitting


def _first_of(texts: list[str], max_bytes: int) -> list[str]:
    first: list[str] = []
    for text in texts:
        max_bytes -= _stored_bytes(text)
        if max_bytes < 0:
            break
        first.append(text)
    return first


def stored_bytes(fields: dict[str, Any]) -> int:
    """Size of a document's fields as Firestore counts it."""
    return sum(_stored_bytes(name) + _stored_bytes(value) for name, value in fields.items())


def _stored_bytes(value: object) -> int:
    if isinstance(value, str):
        return len(value.encode()) + 1
    if isinstance(value, list):
        return sum(map(_stored_bytes, value))
    return _NUMBER_BYTES


def message_bytes(path: str, fields: dict[str, Any]) -> int:
    """At least what the write of a document takes in a commit; tests compare it with the encoded message.

    A name comes twice, in the fields and in the mask of fields to set.
    """
    size = _ENVELOPE_BYTES + len(path.encode())
    for name, value in fields.items():
        size += 2 * len(name) + _FIELD_BYTES
        for text in value if isinstance(value, list) else [value]:
            size += 16 + (len(text.encode()) if isinstance(text, str) else 0)
    return size
