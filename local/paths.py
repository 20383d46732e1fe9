"""The folders of this clone, and the environment of the programs that run in it.

Nothing is written outside the clone, with two exceptions: the caches of package managers, and Debian's package of
Chromium. `make test` installs that package when it runs as root and finds no Chromium (`local.browser`).
"""

import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
VENV = ROOT / ".venv"
WEB = ROOT / "web"
MINISTACK = LOCAL / "ministack"
SAM = LOCAL / "sam"
CHECKOV = LOCAL / "checkov"
BUILD = LOCAL / "build"
RUNTIME = LOCAL / "runtime"  # packages that Lambda itself provides: boto3, the runtime interface client
# Tests use their own stack, since the developer's stack may be in use.
STACK = LOCAL / os.environ.get("TRACKING_LOCAL_STACK", "stack")
LOGS = STACK / "logs"

# We remove these variables of the user's shell, since they would change what our programs do. Among them are variables
# that say where a package manager installs. Variables that say how a package manager reaches its registry (indexes,
# proxies, certificates, caches) stay, since the user sets them.
_LEAKING = (
    *("AWS_", "SAM_", "LAMBDA_", "LAYER_", "GOOGLE_", "FIRE", "PYTHON", "VIRTUAL_ENV", "MAKE", "MFLAGS", "NODE_ENV"),
    *("NODE_OPTIONS", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_REQUIRE", "PIP_CONSTRAINT", "PIP_DRY", "UV_PYTHON"),
    *("UV_SYSTEM_PYTHON", "UV_PROJECT", "UV_WORKING", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_REQUIRE"),
)


def clean_environment() -> dict[str, str]:
    """Return the environment of every program that we start: the user's, without variables that change our programs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEAKING)}
    kept.setdefault("UV_SYSTEM_CERTS", "true")  # as pip does: the system trusts a company's proxy, uv does not
    return kept | {
        **reaching_this_machine(),
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "SAM_CLI_TELEMETRY": "0",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }


def reaching_this_machine() -> dict[str, str]:
    """Return the variables that keep the shell's proxy out of calls to this machine. gRPC reads the lower-case name."""
    spared = os.environ.get("no_proxy") or os.environ.get("NO_PROXY", "")
    hosts = ",".join(filter(None, (spared, "127.0.0.1,localhost")))
    return {"no_proxy": hosts, "NO_PROXY": hosts}


def digest_of(folder: Path, sources: Iterable[str], *more: str) -> str:
    """Return a fingerprint of the texts `more` and of all files under `sources`, which are paths in `folder`."""
    digest = hashlib.sha256("\0".join(more).encode())
    files = (file for source in sources for file in [folder / source, *(folder / source).rglob("*")])
    for file in sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts):
        digest.update(os.fsencode(file.relative_to(folder)) + b"\0" + file.read_bytes())
    return digest.hexdigest()


def host_python() -> str:
    """Return the interpreter that the virtual environment is made from. Functions run on it, without our packages."""
    return os.path.realpath(sys.executable)
