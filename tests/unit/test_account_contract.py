"""contracts/account.json: the documents of accounts and videos. The functions are checked against it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from tests.factories import account, video, videos
from tests.harness import Harness
from tracking.accounts import Account, MediaType, Video, camel_case
from tracking.jobs import AccountType
from tracking.pictures import Copy, Kind
from tracking.refreshes import Cadence, Unavailable

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "contracts" / "account.json").read_text())
KINDS = ("account", "video")
RECORDS: dict[str, type[Account] | type[Video]] = {"account": Account, "video": Video}
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "bool": (bool,),
    "int": (int,),
    "number": (int, float),
    "timestamp": (datetime,),
    "strings": (list,),
    "picture": (dict,),
    "growth": (dict,),
    "names": (list,),
    "counts": (list,),
    "spikes": (dict,),
}
HINTS: dict[Any, str] = {
    str: "string",
    bool: "bool",
    int: "int",
    float: "number",
    datetime: "timestamp",
    MediaType: "string",
    tuple: "strings",
}
"""The contract's name of each type that a record's field may have."""
PICTURE = {name: TYPES[type_][0] for name, type_ in CONTRACT["picture"].items()}
GROWTH = {name: TYPES[type_][0] for name, type_ in CONTRACT["growth"].items()}
SPIKE = {name: TYPES[type_][0] for name, type_ in CONTRACT["spike"].items()}
AT_AGES = {"viewsAt24h", "viewsAt7d"}
"""Fields that a video gets when it is fetched at about this age."""
LATER = {
    "account": {"refreshCadence", "refreshAskedAt", "refreshAgainAt", "usernameHistory"},
    "video": {"unavailableSince"},
}
"""Fields that members write, or that come with what happens to an account or a video."""
EXAMPLES = [(kind, example) for kind in KINDS for example in CONTRACT[kind]["valid"]]
PLACE = {"orgId": "org1", "projectId": "project1", "accountId": "instagram_528817151"}
ACCOUNTS = CONTRACT["collections"]["account"].format_map(PLACE)
VIDEOS = CONTRACT["collections"]["video"].format_map(PLACE)


def saved(collection: str, until: str = "SaveVideos", **overrides: Any) -> dict[str, dict[str, Any]]:
    """Run the states of one job; return the documents of the collection by id."""
    harness = Harness(**overrides)
    harness.run_chain(harness.claimed_job(), until=until)
    return harness.store.get_documents(collection)


def required(kind: str) -> set[str]:
    return {name for name, field in CONTRACT[kind]["fields"].items() if field["required"]}


def saved_fields(kind: str) -> set[str]:
    """Return the fields that a job's own states write: not the copies of pictures, which come later."""
    return {name for name, field in CONTRACT[kind]["fields"].items() if field["type"] != "picture"} - LATER[kind]


def assert_held(kind: str, document: dict[str, Any]) -> None:
    """Check a document's fields, their types and their nulls against the contract."""
    fields = CONTRACT[kind]["fields"]
    assert required(kind) <= document.keys() <= fields.keys()
    for name, value in document.items():
        field = fields[name]
        if value is None:
            assert field["nullable"], name
        else:
            assert type(value) in TYPES[field["type"]], name
            assert field["type"] != "strings" or all(type(text) is str for text in value)
            assert field["type"] != "picture" or {n: type(v) for n, v in value.items()} == PICTURE
            assert field["type"] != "names" or all(one.keys() == CONTRACT["names"].keys() for one in value)
            assert field["type"] != "counts" or all(one is None or type(one) is int for one in value)
            assert field["type"] != "spikes" or value.keys() == CONTRACT["spikes"].keys()
            spikes = value.values() if field["type"] == "spikes" else []
            assert all(one is None or {n: type(v) for n, v in one.items()} == SPIKE for one in spikes)
            assert field["type"] != "growth" or value.keys() == GROWTH.keys()
            assert field["type"] != "growth" or all(v is None or type(v) is GROWTH[n] for n, v in value.items())


def test_new_account_has_the_contract_fields() -> None:
    (document,) = saved(ACCOUNTS, until="SaveAccount").values()
    assert document.keys() == required("account")
    assert_held("account", document)


def test_saved_account_has_every_contract_field() -> None:
    (document,) = saved(ACCOUNTS, videos=videos(2)).values()
    assert document.keys() == saved_fields("account")
    assert_held("account", document)


def test_known_account_keeps_the_contract_fields() -> None:
    harness = Harness(videos=videos(2))
    for user in ("first", "second"):
        harness.run_chain(harness.claimed_job(userId=user))
    (document,) = harness.store.get_documents(ACCOUNTS).values()
    assert document.keys() == saved_fields("account")
    assert_held("account", document)


def test_account_of_unknown_values_is_held_to_the_contract() -> None:
    bare = Account(
        platform="instagram", platform_user_id="528817151", username="nasa", display_name="", profile_url="https://x"
    )
    (document,) = saved(ACCOUNTS, tracked=bare).values()
    assert_held("account", document)


def test_saved_videos_have_the_contract_fields() -> None:
    bare = Video(video_id="bare", url="https://x", title="", caption="", media_type=MediaType.TEXT)
    documents = saved(VIDEOS, videos=[video(), bare])
    assert documents.keys() == {"video00001", "bare"}
    for document in documents.values():
        assert document.keys() == saved_fields("video") - AT_AGES
        assert_held("video", document)
    (at_an_age,) = saved(VIDEOS, videos=[video(24)]).values()
    assert at_an_age.keys() == saved_fields("video") - {"viewsAt7d"}
    assert_held("video", at_an_age)


@pytest.mark.parametrize("kind", KINDS)
def test_record_types_are_those_of_the_contract(kind: str) -> None:
    for name, hint in get_type_hints(RECORDS[kind]).items():
        alternatives = get_args(hint) if isinstance(hint, UnionType) else (hint,)
        field = CONTRACT[kind]["fields"][camel_case(name)]
        assert field["nullable"] == (type(None) in alternatives), name
        (type_,) = {get_origin(one) or one for one in alternatives} - {type(None)}
        assert field["type"] == HINTS[type_], name


def test_media_and_account_types_are_those_of_the_contract() -> None:
    assert list(MediaType) == CONTRACT["mediaTypes"]
    assert list(Cadence) == CONTRACT["cadences"]
    assert list(Unavailable) == CONTRACT["unavailable"]
    assert {example["document"]["accountType"] for example in CONTRACT["account"]["valid"]} == set(AccountType)


@pytest.mark.parametrize(("kind", "example"), EXAMPLES, ids=lambda value: value if value in KINDS else value["name"])
def test_valid_example_is_held_to_the_contract(kind: str, example: dict[str, Any]) -> None:
    document = example["document"]
    fields = CONTRACT[kind]["fields"]
    assert_held(kind, {name: stored(fields[name]["type"], value) for name, value in document.items()})


def stored(type_: str, value: Any) -> Any:
    """Return an example's value as it is stored."""
    if type_ == "picture":
        return {name: stored(CONTRACT["picture"][name], part) for name, part in value.items()}
    return datetime.fromisoformat(value) if type_ == "timestamp" and value is not None else value


def test_copies_have_the_fields_of_the_contract() -> None:
    copy = Copy(url="https://copies.example/a.webp", source="b", expires_at=datetime(2027, 1, 1, tzinfo=UTC))
    of_pictures = {
        (kind, name) for kind in KINDS for name, field in CONTRACT[kind]["fields"].items() if field["type"] == "picture"
    }
    assert of_pictures == {("account", Kind.AVATAR), ("video", Kind.THUMBNAIL)}
    assert {name: type(value) for name, value in copy.to_field().items()} == PICTURE
    assert {kind.source_field for kind in Kind} == {"avatarUrl", "thumbnailUrl"}


@pytest.mark.parametrize(("kind", "example"), EXAMPLES, ids=lambda value: value if value in KINDS else value["name"])
def test_valid_example_is_a_record(kind: str, example: dict[str, Any]) -> None:
    """The states could write the example: a record made from it has the example's id and values."""
    record = RECORDS[kind].from_json(example["document"])
    assert record.to_json().items() <= example["document"].items()
    assert example["id"] == (record.account_id if isinstance(record, Account) else record.video_id)


def test_paths_are_those_of_the_contract() -> None:
    assert saved(ACCOUNTS).keys() == {account().account_id}
