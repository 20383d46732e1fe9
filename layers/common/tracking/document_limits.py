"""Firestore's limits, and functions that cut foreign data to fit.

The limits: https://firebase.google.com/docs/firestore/quotas#limits

Sizes are counted as Firestore counts them: https://firebase.google.com/docs/firestore/storage-size
"""

from __future__ import annotations

from typing import Any

MAX_DOCUMENT_ID_BYTES = 1_500
MAX_ID_LENGTH = 128
"""The most characters of an id. A state's input holds several ids and must stay under 16 KB."""
MAX_SENTENCE_BYTES = 1_500
"""The most bytes of a job's message or error. An index holds no more of a text."""
MAX_PARAMS_BYTES = 1_000
"""The most bytes of the parameters of a job's message. A batch may hold 500 messages with their parameters."""
MAX_DOCUMENT_BYTES = 1_048_576
MAX_FIELDS_BYTES = 1_000_000
"""The most bytes of the fields that we write. The rest is for the document's path and for fields of other writers."""

MAX_ELEMENTS = 1_000
"""The most elements of a list. Each is an index entry, and a document may have 40,000 of them."""

_NUMBER_BYTES = 8  # a timestamp has the same size
_NAME_BYTES = 16  # of a document's name, beside its parts
_INDEX_ENTRY_BYTES = 32  # of an index entry, beside its names and its value
_MAX_INDEXED_VALUE_BYTES = 1_500
_ENVELOPE_BYTES = 300  # the rest of a write: the database's name before the path, the precondition, lengths
_FIELD_BYTES = 24
_PATH_PART_BYTES = 3  # a full stop and two backticks


def is_document_id(value: str) -> bool:
    """Return whether `value` can be one part of a document's path.

    Firestore reserves `__.*__`. This check is stricter: it refuses every id that begins and ends with `__`, even `__`.
    """
    is_reserved = value in {".", ".."} or (value.startswith("__") and value.endswith("__"))
    if not value or "/" in value or is_reserved:
        return False
    try:
        return len(value.encode()) <= MAX_DOCUMENT_ID_BYTES
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def cut(text: str, max_bytes: int) -> str:
    """Shorten the text to `max_bytes` of UTF-8, between two characters, and end it with an ellipsis."""
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
        kept_bytes = max(size - excess, size // 2)  # cut at most half, so that two large values share the space
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
    """Return the size of a document's fields as Firestore counts it."""
    return sum(_stored_bytes(name) + _stored_bytes(value) for name, value in fields.items())


def _stored_bytes(value: object) -> int:
    if isinstance(value, str):
        return len(value.encode()) + 1
    if isinstance(value, list):
        return sum(map(_stored_bytes, value))
    if isinstance(value, dict):
        return stored_bytes(value)
    return _NUMBER_BYTES


def indexed_bytes(path: str, fields: dict[str, Any]) -> int:
    """Return the size of a document with the index entries that Firestore makes by itself.

    It counts two entries a field, ascending and descending, and for a list one more for each element. Fields that are
    exempt count, too: whether firestore.indexes.json is deployed is not known here. Composite indexes do not count.
    """
    parent = path.rpartition("/")[0].rpartition("/")[0]
    size = _name_bytes(path) + _INDEX_ENTRY_BYTES  # a document has as many bytes beside its name and fields
    names_bytes = _name_bytes(path) + _name_bytes(parent) + _INDEX_ENTRY_BYTES
    for name, value in fields.items():
        field_bytes, value_bytes = _stored_bytes(name), _stored_bytes(value)
        size += field_bytes + value_bytes
        size += 2 * (names_bytes + field_bytes + min(value_bytes, _MAX_INDEXED_VALUE_BYTES))
        for element in value if isinstance(value, list) else ():
            size += names_bytes + field_bytes + min(_stored_bytes(element), _MAX_INDEXED_VALUE_BYTES)
    return size


def _name_bytes(path: str) -> int:
    """Return the size of a document's name, 0 for no document."""
    return sum(map(_stored_bytes, path.split("/"))) + _NAME_BYTES if path else 0


def message_bytes(path: str, fields: dict[str, Any]) -> int:
    """Return an upper limit for the bytes of this write in a commit. Tests compare it with the encoded message.

    A field's name is sent twice: in the fields and in the mask of fields to set. The mask names the innermost fields.
    """
    return _ENVELOPE_BYTES + len(path.encode()) + _message_bytes(fields) + _mask_bytes(fields)


def _mask_bytes(fields: dict[str, Any], outer: int = 0) -> int:
    """Return the bytes of the mask. `outer`: the bytes of the names around these fields, as part of a field's path."""
    size = 0
    for name, value in fields.items():
        path_bytes = outer + len(name.encode()) + _PATH_PART_BYTES
        size += _mask_bytes(value, path_bytes) if isinstance(value, dict) and value else path_bytes + _PATH_PART_BYTES
    return size


def _message_bytes(value: object) -> int:
    if isinstance(value, list):
        return sum(map(_message_bytes, value))
    if isinstance(value, dict):
        return 16 + sum(_FIELD_BYTES + len(name.encode()) + _message_bytes(inner) for name, inner in value.items())
    return 16 + (len(value.encode()) if isinstance(value, str) else 0)
