"""Google's Firestore emulator: its location, its command line, and its rules."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import httpx

from local import LocalError
from local.commands import exit_code
from local.paths import LOCAL, ROOT, clean_environment

PROJECT = "demo-tracking"  # "demo-" keeps every Google client from looking for real credentials
RULES = ROOT / "firestore.rules"
MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
FIREBASE_TOOLS = "14.27.0"  # the newest version that needs Java 17 and not 21
HEAP = "1g"  # all data stays in the heap

_SDK_ROOTS = (Path("/usr/lib/google-cloud-sdk"), Path("/usr/share/google-cloud-sdk"), Path("/opt/google-cloud-sdk"))
_JAR_IN_SDK = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
_JAVA_HELP = "install one (Debian, Ubuntu: apt install default-jre-headless; macOS: brew install openjdk)"


def find_jar(home: Path, path: str, sdk_roots: Sequence[Path] = _SDK_ROOTS) -> Path | None:
    """Return the emulator of an installed gcloud SDK, else the newest in the cache of Firebase's tools, or None."""
    gcloud = shutil.which("gcloud", path=path)
    on_path = [Path(gcloud).resolve().parent.parent] if gcloud else []
    for root in (*on_path, *sdk_roots, home / "google-cloud-sdk"):
        if (root / _JAR_IN_SDK).is_file():
            return root / _JAR_IN_SDK
    cached = (home / ".cache/firebase/emulators").glob("cloud-firestore-emulator-*.jar")
    return max(cached, key=_version, default=None)


def _version(jar: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", jar.stem))


def fetch_jar(home: Path, path: str) -> Path:
    """Download the emulator with Firebase's own tools, which need Node. LocalError when that fails."""
    npx = shutil.which("npx", path=path)
    if npx is None:
        raise LocalError(
            "The Firestore emulator is not installed, and neither is Node, which could fetch it: install either one"
            " (apt install google-cloud-cli-firestore-emulator, gcloud components install cloud-firestore-emulator,"
            " or https://nodejs.org), or point FIRESTORE_EMULATOR_HOST to a running emulator."
        )
    log = LOCAL / "firebase-tools.log"
    command = [npx, "--yes", f"firebase-tools@{FIREBASE_TOOLS}", "setup:emulators:firestore"]
    code = exit_code(command, log, clean_environment() | {"HOME": str(home)})
    jar = find_jar(home, path)
    if code != 0 or jar is None:
        raise LocalError(
            "The Firestore emulator could not be fetched by firebase-tools: check the network, or install the emulator"
            " of the gcloud SDK (apt install google-cloud-cli-firestore-emulator), then run the same command again."
            f" What was said is in {log.relative_to(ROOT)}."
        )
    return jar


def find_java(path: str, java_home: str = "") -> tuple[str, int]:
    """Return the Java program and its major version. LocalError when there is none."""
    java = shutil.which("java", path=f"{java_home}/bin") if java_home else None
    java = java or shutil.which("java", path=path)
    if java is None:
        raise LocalError(f"Java is not installed, and the Firestore emulator runs on it: {_JAVA_HELP}.")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None:
        raise LocalError(f"{java} does not run ({said.strip().splitlines()[:1]}): {_JAVA_HELP}.")
    return java, int(version[1])


def java_needed(jar: Path) -> int:
    """Return the major version of Java that the jar needs.

    Bytes 6 and 7 of a class file hold this version plus 44 (JVM specification, 4.1).
    """
    try:
        with zipfile.ZipFile(jar) as archive, archive.open(MAIN_CLASS.replace(".", "/") + ".class") as main:
            return int.from_bytes(main.read(8)[6:8], "big") - 44
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise LocalError(
            f"{jar} is not a usable Firestore emulator ({error}): delete it and run this again."
        ) from error


def command(port: int) -> list[str]:
    """Return the emulator's command line. A missing emulator is fetched. LocalError says what else is missing."""
    home, path = Path.home(), os.environ.get("PATH", os.defpath)
    java, version = find_java(path, os.environ.get("JAVA_HOME", ""))
    jar = find_jar(home, path) or fetch_jar(home, path)
    if version < java_needed(jar):
        raise LocalError(
            f"The Firestore emulator needs Java {java_needed(jar)}, and {java} is Java {version}: {_JAVA_HELP}."
        )
    # The command names the main class, since the gcloud SDK's jar does not name it. Firebase's jar has the same class.
    arguments = ["-Duser.language=en", f"-Xmx{HEAP}", "-cp", str(jar), MAIN_CLASS]
    arguments += ["--host", "127.0.0.1", "--port", str(port), "--project_id", PROJECT]
    return [java, *arguments, "--rules", str(RULES)]


def load_rules(address: str, rules: Path = RULES) -> None:
    """Load the current rules into the emulator at `address` (host and port). LocalError says what is wrong.

    By itself, the emulator would start even with rules that it cannot read, and then refuse every request.
    """
    files = [{"name": rules.name, "content": rules.read_text()}]
    url = f"http://{address}/emulator/v1/projects/{PROJECT}:securityRules"
    try:
        answer = httpx.put(url, json={"rules": {"files": files}}, trust_env=False, timeout=60)
    except httpx.HTTPError as error:
        raise LocalError(f"The emulator at {address} took no rules: {error}") from error
    if answer.is_error:
        sentence = " ".join(answer.json()["error"]["message"].split())
        raise LocalError(f"{rules.name} cannot be used: {sentence}")
