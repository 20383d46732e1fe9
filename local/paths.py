"""Where things lie in this clone. Nothing is written outside it, but for the caches of package managers, and Debian's
package of Chromium where `make test` runs as root and finds none (`local.browser`)."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
VENV = ROOT / ".venv"
WEB = ROOT / "web"
MINISTACK = LOCAL / "ministack"
SAM = LOCAL / "sam"
BUILD = LOCAL / "build"
RUNTIME = LOCAL / "runtime"  # what Lambda brings itself and the layer leaves out: boto3, the runtime interface client
# The tests' stack is another than the developer's, who may be using theirs.
STACK = LOCAL / os.environ.get("TRACKING_LOCAL_STACK", "stack")
LOGS = STACK / "logs"

# Variables of the user's shell that would change what our programs do. How the package managers reach their registries
# (indexes, proxies, certificates, caches) is the user's to set and stays; where they install to is not.
_LEAKING = (
    "AWS_",
    "SAM_",
    "LAMBDA_",
    "LAYER_",
    "GOOGLE_",
    "FIRE",
    "PYTHON",
    "VIRTUAL_ENV",
    "MAKE",
    "MFLAGS",
    "NODE_ENV",
    "NODE_OPTIONS",
)
_REDIRECTING: tuple[str, ...] = (
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
    "PIP_REQUIRE",
    "PIP_CONSTRAINT",
    "PIP_DRY",
    "UV_PYTHON",
)
_REDIRECTING += ("UV_SYSTEM_PYTHON", "UV_PROJECT", "UV_WORKING", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_REQUIRE")


def clean_environment() -> dict[str, str]:
    """The environment that every program is started with: the user's, less what would leak into ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEAKING + _REDIRECTING)}
    kept.setdefault("UV_SYSTEM_CERTS", "true")  # as pip does: a company's proxy is known to the system, not to uv
    return kept | {
        **reaching_this_machine(),
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "SAM_CLI_TELEMETRY": "0",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }


def reaching_this_machine() -> dict[str, str]:
    """What keeps a proxy of the shell from being asked for addresses of this machine; gRPC reads the small letters."""
    spared = os.environ.get("no_proxy") or os.environ.get("NO_PROXY", "")
    hosts = ",".join(filter(None, (spared, "127.0.0.1,localhost")))
    return {"no_proxy": hosts, "NO_PROXY": hosts}


def host_python() -> str:
    """The interpreter underneath the virtual environment: functions run on it with the layer alone."""
    return os.path.realpath(sys.executable)
