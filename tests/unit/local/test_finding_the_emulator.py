"""Finding the Firestore emulator in made-up home folders, and the error message if there is none."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from local import LocalError, firestore

JAR_IN_SDK = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"


def make(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_the_gcloud_on_path_comes_before_every_other_sdk(tmp_path: Path, home: Path) -> None:
    on_path = make(tmp_path / "elsewhere/google-cloud-sdk" / JAR_IN_SDK)
    gcloud = make(tmp_path / "elsewhere/google-cloud-sdk/bin/gcloud")
    gcloud.chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gcloud").symlink_to(gcloud)
    make(tmp_path / "usr/lib/google-cloud-sdk" / JAR_IN_SDK)
    roots = [tmp_path / "usr/lib/google-cloud-sdk"]
    assert firestore.find_jar(home, str(tmp_path / "bin"), roots) == on_path


def test_the_systems_sdk_comes_before_the_one_in_the_home(tmp_path: Path, home: Path) -> None:
    system = make(tmp_path / "usr/lib/google-cloud-sdk" / JAR_IN_SDK)
    in_home = make(home / "google-cloud-sdk" / JAR_IN_SDK)
    assert firestore.find_jar(home, "", [tmp_path / "usr/lib/google-cloud-sdk"]) == system
    assert firestore.find_jar(home, "", [tmp_path / "nothing-here"]) == in_home


def test_an_sdk_comes_before_the_cache_of_firebases_tools(home: Path) -> None:
    make(home / ".cache/firebase/emulators/cloud-firestore-emulator-v1.22.0.jar")
    in_home = make(home / "google-cloud-sdk" / JAR_IN_SDK)
    assert firestore.find_jar(home, "", []) == in_home


def test_an_sdk_without_the_emulator_is_passed_over(home: Path) -> None:
    make(home / "google-cloud-sdk/bin/gcloud")
    cached = make(home / ".cache/firebase/emulators/cloud-firestore-emulator-v1.19.8.jar")
    assert firestore.find_jar(home, "", []) == cached


def test_the_newest_of_the_cached_emulators_is_taken(home: Path) -> None:
    for version in ("1.9.0", "1.22.0", "1.19.8"):
        make(home / f".cache/firebase/emulators/cloud-firestore-emulator-v{version}.jar")
    jar = firestore.find_jar(home, "", [])
    assert jar is not None
    assert jar.name == "cloud-firestore-emulator-v1.22.0.jar"


def test_an_empty_home_has_no_emulator(home: Path) -> None:
    assert firestore.find_jar(home, "", []) is None


def test_emulator_and_node_missing_one_sentence_tells_how_to_get(home: Path) -> None:
    with pytest.raises(LocalError, match=r"neither is Node.*FIRESTORE_EMULATOR_HOST") as caught:
        firestore.fetch_jar(home, path="")
    assert "\n" not in str(caught.value)


def test_without_java_one_sentence_says_how_to_get_it() -> None:
    with pytest.raises(LocalError, match=r"^Java is not installed.*apt install"):
        firestore.find_java(path="")


@pytest.mark.parametrize(("class_file_version", "java"), [(55, 11), (61, 17), (65, 21)])
def test_the_jar_itself_says_which_java_it_needs(tmp_path: Path, class_file_version: int, java: int) -> None:
    jar = tmp_path / "emulator.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        header = b"\xca\xfe\xba\xbe\x00\x00" + class_file_version.to_bytes(2, "big")
        archive.writestr(firestore.MAIN_CLASS.replace(".", "/") + ".class", header)
    assert firestore.java_needed(jar) == java


def test_a_jar_that_was_cut_short_is_named(tmp_path: Path) -> None:
    jar = tmp_path / "emulator.jar"
    jar.write_bytes(b"PK\x03\x04 half a download")
    with pytest.raises(LocalError, match=r"emulator\.jar is not a usable Firestore emulator"):
        firestore.java_needed(jar)
