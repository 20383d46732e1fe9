"""Where things lie in this clone. Nothing is written outside it, the caches of package managers aside."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
VENV = ROOT / ".venv"
MINISTACK = LOCAL / "ministack"
SAM = LOCAL / "sam"
BUILD = LOCAL / "build"
RUNTIME = LOCAL / "runtime"  # what Lambda brings itself and the layer leaves out: boto3, the runtime interface client
# The tests' stack is another than the developer's, who may be using theirs.
STACK = LOCAL / os.environ.get("TRACKING_LOCAL_STACK", "stack")
LOGS = STACK / "logs"

# Variables of the user's shell that would change what our programs do. Those of the package managers (indexes,
# proxies, certificates, caches) are the user's to set and stay.
_LEAKING = ("AWS_", "SAM_", "LAMBDA_", "LAYER_", "GOOGLE_", "FIRE", "PYTHON", "VIRTUAL_ENV", "MAKE", "MFLAGS")


def clean_environment() -> dict[str, str]:
    """The environment that every program is started with: the user's, less what would leak into ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEAKING)}
    kept.setdefault("UV_SYSTEM_CERTS", "true")  # as pip does: a company's proxy is known to the system, not to uv
    return kept | {"PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}", "SAM_CLI_TELEMETRY": "0"}


def host_python() -> str:
    """The interpreter underneath the virtual environment: functions run on it with the layer alone."""
    return os.path.realpath(sys.executable)
