"""contracts/platforms.json: the definition of each platform. Functions and security rules are checked against it."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.paths import ROOT
from tests.simulated import World
from tracking import jobs, platform_contract
from tracking.jobs import PlatformName
from tracking.platform_contract import CREDENTIALS, PICTURE_HOSTS, PLATFORMS, PlatformContract
from tracking.platforms.addresses import read_address, read_username
from tracking.settings import PlatformSettings, ProcessSettings, variables

FILE = ROOT / "contracts" / "platforms.json"
CONTRACT: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
every_platform = pytest.mark.parametrize("name", PlatformName)


def test_contract_and_layer_share_one_file() -> None:
    """The contract's file is a link to the layer's file. The link is relative, so it works in any checkout."""
    assert FILE.is_symlink()
    assert not FILE.readlink().is_absolute()
    assert FILE.resolve() == platform_contract.CONTRACT.resolve()


def test_platform_names_and_labels_are_the_contracts() -> None:
    labels = {name: entry["label"] for name, entry in CONTRACT["platforms"].items()}
    assert {platform: platform.label for platform in PlatformName} == labels
    assert [platform.name for platform in PlatformName] == [name.upper() for name in labels]


def test_names_for_the_type_checker_are_platforms() -> None:
    """`PlatformName` makes its members from the file. The members that are declared for mypy must be among them."""
    tree = ast.parse(inspect.getsource(jobs.PlatformName))
    told = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert told
    assert told.items() <= {platform.name: platform.value for platform in PlatformName}.items()


def test_every_field_of_an_entry_is_described() -> None:
    fields = {re.sub("_(.)", lambda match: match[1].upper(), f.name) for f in dataclasses.fields(PlatformContract)}
    assert CONTRACT["fields"].keys() == fields
    assert all(entry.keys() == fields for entry in CONTRACT["platforms"].values())


def test_an_entry_with_an_unknown_field_is_refused() -> None:
    entry = CONTRACT["platforms"]["tiktok"]
    with pytest.raises(TypeError, match="colour"):
        PlatformContract.from_json(entry | {"colour": "red"})
    with pytest.raises(TypeError, match="label"):
        PlatformContract.from_json({name: value for name, value in entry.items() if name != "label"})


RECORDED = [
    ("youtube", "GoogleDevelopers"),
    ("youtube", "C-SPAN"),
    ("twitter", "NatComm"),
    ("instagram", "nasa"),
    ("tiktok", "loveluxury.com"),
    ("tiktok", "nba"),
]


@pytest.mark.parametrize(("platform", "username"), RECORDED)
def test_recorded_pictures_are_on_the_platforms_sites(platform: str, username: str) -> None:
    """Also none of another platform's: else anybody could lead the function from one to the other."""
    world = World()
    world.run(world.add_job(platform, username))
    store: Any = world.store
    documents = [document.data for path, document in store._documents.items() if "/trackedAccounts/" in path]
    links = [link for found in documents for link in (found.get("avatarUrl"), found.get("thumbnailUrl")) if link]
    hosts = {urlsplit(link).hostname or "" for link in links if "…" not in link}  # cut out of a recording
    assert hosts
    for host in hosts:
        of = {name for name, sites in PICTURE_HOSTS.items() if any(host.endswith(f".{site}") for site in sites)}
        assert of == {platform}, host


def test_sites_of_pictures_are_those_of_known_platforms() -> None:
    named = json.loads(FILE.read_text())["pictureHosts"].keys() - {"about"}
    assert named == PLATFORMS.keys()
    sites = [site for sites in PICTURE_HOSTS.values() for site in sites]
    assert len(sites) == len(set(sites))


def test_labels_and_hosts_belong_to_one_platform() -> None:
    hosts = [host for platform in PLATFORMS.values() for host in platform.hosts]
    assert len(hosts) == len(set(hosts))
    assert len({platform.label for platform in PLATFORMS.values()}) == len(PLATFORMS)


def test_every_credential_is_used_and_every_one_used_exists() -> None:
    assert {platform.credential for platform in PLATFORMS.values()} == set(CREDENTIALS)
    assert len(set(CREDENTIALS.values())) == len(CREDENTIALS)


def test_every_credential_has_the_setting_of_its_secret() -> None:
    secrets = {name.removesuffix("_SECRET") for name in variables(ProcessSettings) if name.endswith("_SECRET")}
    assert secrets - {"FIREBASE_CREDENTIALS"} == set(CREDENTIALS.values())


def test_a_credentials_secret_is_that_of_its_setting() -> None:
    settings = ProcessSettings.from_environment(
        {"GOOGLE_CLOUD_PROJECT": "demo", "STAGING_BUCKET": "b"}
        | {f"{key}_SECRET": f"the-{name}-secret" for name, key in CREDENTIALS.items()}
    )
    assert [settings.key_secret(name) for name in CREDENTIALS] == [f"the-{name}-secret" for name in CREDENTIALS]


def test_every_platform_has_the_setting_of_its_limit() -> None:
    limits = {name for name in variables(PlatformSettings) if name.startswith("MAX_VIDEOS_")}
    assert limits == {f"MAX_VIDEOS_{name.upper()}" for name in PlatformName}


PORTABLE = re.compile(r"(?:\\\.|\(\?:|\)\??|[A-Za-z0-9_.·/^*|-]|\[(?:[A-Za-z0-9_.·/^-])+\]|\{\d+(?:,\d+)?\})+")
"""A pattern of patterns: it allows only syntax that Python's `re` and JavaScript's RegExp read in the same way."""


@every_platform
def test_patterns_are_what_both_engines_read_alike(name: PlatformName) -> None:
    contract = PLATFORMS[name]
    patterns = [contract.username, *contract.short_link_hosts, *filter(None, contract.account_paths.values())]
    assert [pattern for pattern in patterns if not PORTABLE.fullmatch(pattern)] == []


@pytest.mark.parametrize("odd", [r"\w+", r"\p{L}", r"(?i:a)", r"(a)", r"a+?", r"\d", "a$"])
def test_other_patterns_are_not_portable(odd: str) -> None:
    assert PORTABLE.fullmatch(odd) is None


@every_platform
def test_the_example_is_a_profile_link_of_the_platform(name: PlatformName) -> None:
    """The sentence that refuses other links shows the example."""
    contract = PLATFORMS[name]
    assert contract.is_site(read_address(contract.example, name).host)
    assert read_username(contract.example, name).lower() == "nasa"


LOADED = """
import sys
from tracking import wiring
from tracking.clock import SystemClock
from tracking.jobs import PlatformName
from tracking.settings import PlatformSettings

def loaded():
    return [name for name in sys.modules if name.startswith("tracking.platforms.")]

for name in PlatformName:
    assert not loaded()
    platform = wiring.platform(name, PlatformSettings(), lambda credential: credential, SystemClock())
    print(name, type(platform).__module__, *(one for one in PlatformName if f"tracking.platforms.{one}" in sys.modules))
    for module in loaded():  # as in a new process
        del sys.modules[module]
"""


def test_each_platform_is_built_by_its_module_alone() -> None:
    """A cold start loads only the module of the platform that its job needs."""
    command = [sys.executable, "-c", LOADED]
    done = subprocess.run(command, cwd=ROOT, timeout=60, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{name} tracking.platforms.{name} {name}" for name in PlatformName]


def test_the_rules_take_the_platforms_of_the_contract() -> None:
    rules = (ROOT / "firestore.rules").read_text()
    (listed,) = re.findall(r"job\.platform in \[(.*?)\]", rules, re.DOTALL)
    assert re.findall(r"'(.*?)'", listed) == list(PlatformName)
