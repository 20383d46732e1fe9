"""Running the package managers, and what is said when one fails. Nothing but the standard library: it runs first."""

from __future__ import annotations

from pathlib import Path

from local import process
from local.errors import LocalError
from local.paths import LOCAL, ROOT, clean_environment

# What pip, uv and npm say when the registry, the proxy or the name server is the trouble.
_UNREACHABLE = (
    "error sending request",
    "failed to fetch",
    "connection",
    "name resolution",
    "dns error",
    "timed out",
    "proxy",
    "certificate",
    "no matching distribution",
    "was not found in the package registry",
    "request failed",
    "could not connect",
    "enotfound",
    "etimedout",
    "econnrefused",
    "network",
)


def install(command: list[str], lock: Path, folder: Path = ROOT) -> None:
    """Install what `lock` names. LocalError says whether the registry is the trouble."""
    run(command, f"The packages of {lock.relative_to(ROOT)} could not be installed", registry=True, folder=folder)


def run(command: list[str], failure: str, *, registry: bool = False, folder: Path = ROOT) -> None:
    """Run quietly; on failure the output stays in a file and one sentence is left for the developer."""
    log = LOCAL / "setup.log"
    if process.run(command, clean_environment(), log, folder=folder) == 0:
        return
    output = log.read_text(errors="replace").lower()
    if registry and any(words in output for words in _UNREACHABLE):
        failure += (
            ": the package registry cannot be reached. Check the network, the proxy (HTTPS_PROXY), the certificates"
            " (SSL_CERT_FILE, NODE_EXTRA_CA_CERTS) and the index (PIP_INDEX_URL, UV_DEFAULT_INDEX, npm's registry),"
            " then run this again"
        )
    raise LocalError(f"{failure}. What the installer said is in {log.relative_to(ROOT)}.")
