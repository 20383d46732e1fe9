"""One function on one event, outside of any stack: `make invoke FUNCTION=process EVENT=events/fetch-account.json`.

With Docker, `sam local invoke`. Without, AWS's own runtime interface emulator (it comes with the SAM CLI) in front of
AWS's own runtime interface client, on this machine's Python: context, time-out and error reporting are Lambda's own;
memory is reported and not enforced, and there is no IAM.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import LocalError, aws, build, programs
from local.adapt import architecture, functions
from local.commands import signals_as_interrupts
from local.firestore import PROJECT
from local.paths import BUILD, ROOT, RUNTIME, SAM, clean_environment, host_python
from local.seed import seed
from local.stack import State, deployed_variables
from tracking.google_credentials import firestore_client

_TIMED_OUT = re.compile(r"Task timed out after [\d.]+ seconds")


@dataclass(frozen=True)
class Invocation:
    """`payload` is what the function returned, or Lambda's `{"errorType", "errorMessage", ...}` when `is_error`."""

    payload: Any
    is_error: bool
    log: str


@dataclass(frozen=True)
class Function:
    """A function as the template describes it."""

    logical_id: str
    handler: str
    memory_mb: int
    timeout_s: int
    variables: dict[str, str]


def invoke(function: str, event: dict[str, Any], env: Mapping[str, str], timeout_s: int | None = None) -> Invocation:
    """Run `function` (`process`, `trigger`) once, cold, with the template's variables and `env` over them.

    `timeout_s` stands in for the template's own. LocalError when the function is unknown or does not start.
    """
    build.build()
    described = find_function(build.built_template(), function)
    timeout_s = timeout_s or described.timeout_s
    with tempfile.TemporaryDirectory(prefix="invoke-", dir=ROOT / ".local") as folder:
        log = Path(folder) / "log"
        front, back = programs.choose_port(None, "the function"), programs.choose_port(None, "the runtime API")
        command = [str(_emulator()), "--runtime-interface-emulator-address", f"127.0.0.1:{front}"]
        command += ["--runtime-api-address", f"127.0.0.1:{back}", host_python(), "-S", "-m", "awslambdaric"]
        environment = _environment(described, timeout_s) | dict(env)
        running = programs.start([*command, described.handler], environment, log, folder=BUILD / described.logical_id)
        try:
            programs.wait_until_ready("The function", running, lambda: programs.listens(front), log, limit_s=20)
            body = _post(f"http://127.0.0.1:{front}/2015-03-31/functions/function/invocations", event, timeout_s + 15)
        finally:
            running.stop(limit_s=2)
        return read_answer(body, log.read_text(errors="replace"))


def find_function(template: Mapping[str, Any], name: str) -> Function:
    """The function whose logical id `name` is: `KickFunction`, or `kick` for short."""
    defaults = {k: v["Default"] for k, v in template.get("Parameters", {}).items() if "Default" in v}
    for logical_id, properties in functions(template).items():
        handler = str(properties["Handler"])
        if name in (logical_id, _short(logical_id)):
            stated = properties.get("Environment", {}).get("Variables", {})
            variables = {k: str(_resolve(v, defaults)) for k, v in stated.items()}
            return Function(logical_id, handler, int(properties["MemorySize"]), int(properties["Timeout"]), variables)
    names = ", ".join(map(_short, functions(template)))
    raise LocalError(f"The template has no function {name!r}: it has {names}.")


def _short(logical_id: str) -> str:
    return logical_id.removesuffix("Function").lower()


def _resolve(value: object, defaults: Mapping[str, object]) -> object:
    """A parameter's default; what only a deployment could tell is its own name, as with `sam local invoke`."""
    name = value.get("Ref") if isinstance(value, dict) else None
    return value if name is None else defaults.get(name, name)


def read_answer(body: bytes, log: str) -> Invocation:
    """The emulator answers 200 to failures too, and a time-out with a sentence that is no JSON."""
    text = body.decode(errors="replace")
    if _TIMED_OUT.search(text):
        return Invocation({"errorType": "Sandbox.Timedout", "errorMessage": text.strip()}, is_error=True, log=log)
    try:
        payload = json.loads(text)
    except ValueError:
        return Invocation({"errorType": "Runtime.Unknown", "errorMessage": text.strip()}, is_error=True, log=log)
    return Invocation(payload, is_error=isinstance(payload, dict) and "errorType" in payload, log=log)


def _environment(function: Function, timeout_s: int) -> dict[str, str]:
    kept = {name: value for name, value in clean_environment().items() if name in ("PATH", "LANG", "TZ")}
    task = BUILD / function.logical_id
    return {
        **kept,
        **aws.client_environment("http://127.0.0.1:9"),  # port 9: nobody answers; a running stack's address replaces it
        **function.variables,
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "HOME": "/tmp",  # noqa: S108 - as on Lambda
        "LAMBDA_TASK_ROOT": str(task),
        "PYTHONPATH": os.pathsep.join(map(str, (task, BUILD / "CommonLayer" / "python", RUNTIME))),
        "AWS_LAMBDA_FUNCTION_NAME": function.logical_id,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_s),
    }


def _emulator() -> Path:
    """AWS's emulator for this machine, out of the SAM CLI."""
    name = f"aws-lambda-rie-{architecture()}"
    found = next(SAM.glob(f"lib/python*/site-packages/samcli/local/rapid/{name}"), None)
    if found is None or sys.platform != "linux":
        raise LocalError("Lambda's emulator runs on Linux alone: start Docker, and `sam local invoke` is used instead.")
    runnable = ROOT / ".local" / name  # the package's own file is not executable
    if not os.access(runnable, os.X_OK):
        shutil.copyfile(found, runnable)
        runnable.chmod(0o755)
    return runnable


def _post(url: str, event: dict[str, Any], limit_s: float) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, json.dumps(event).encode(), {"Content-Type": "application/json"})  # noqa: S310
    try:
        with opener.open(request, timeout=limit_s) as response:
            return bytes(response.read())
    except urllib.error.HTTPError as error:  # an invocation that could not be made; the body says why
        return error.read()


def _with_docker(function: str, event: Mapping[str, Any], variables: Mapping[str, str]) -> int:
    """AWS's own image, so the build is the one for AWS; on the host's network, where the stack listens."""
    logical_id = find_function(build.built_template(), function).logical_id
    environment = clean_environment() | {"AWS_DEFAULT_REGION": aws.REGION}
    with tempfile.TemporaryDirectory(prefix="invoke-", dir=ROOT / ".local") as folder:
        event_file, variables_file = Path(folder) / "event.json", Path(folder) / "variables.json"
        event_file.write_text(json.dumps(event))
        variables_file.write_text(json.dumps({logical_id: dict(variables)}))
        invoke_arguments = ["local", "invoke", logical_id, "--event", str(event_file)]
        invoke_arguments += ["--env-vars", str(variables_file)]
        invoke_arguments += ["--docker-network", "host", "--parameter-overrides", f"GoogleCloudProject={PROJECT}"]
        for arguments in (["build"], invoke_arguments):
            command = [str(SAM / "bin" / "sam"), *arguments]
            code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
            if code != 0:
                break
    return code


def _docker_answers() -> bool:
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0


def _variables_of_the_stack(function: str) -> dict[str, str]:
    """Those of the deployed function, so that it finds the running stack's parts; none when no stack runs."""
    state = State.load()
    if not state.is_up():
        print(
            "The local stack is not running, so nothing answers the function: start it with `make up`.", file=sys.stderr
        )
        return {}
    logical_id = find_function(build.built_template(), function).logical_id
    return deployed_variables(state, logical_id) | aws.client_environment(state.aws())


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or not all(arguments):
        raise LocalError("Name a function and an event: make invoke FUNCTION=process EVENT=events/fetch-account.json")
    function, event = arguments[0], Path(arguments[1])
    try:
        content = json.loads(event.read_text())
    except (OSError, ValueError) as error:
        raise LocalError(f"{event} is not a JSON event: {error}.") from error
    build.build()
    variables = _variables_of_the_stack(function)
    if variables:
        os.environ["FIRESTORE_EMULATOR_HOST"] = variables["FIRESTORE_EMULATOR_HOST"]
        content = seed(firestore_client(PROJECT), content)
    if _docker_answers():
        return _with_docker(function, content, variables)
    answer = invoke(function, content, variables)
    sys.stderr.write(answer.log)
    print(json.dumps(answer.payload, indent=2))
    return int(answer.is_error)


if __name__ == "__main__":
    try:
        with signals_as_interrupts():
            sys.exit(main(sys.argv[1:]))
    except LocalError as problem:
        sys.exit(f"error: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
