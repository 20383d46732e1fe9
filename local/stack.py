"""The local stack: its parts are started, deployed to and stopped together.

`.local/stack/state.json` is written after each start of a part. So `down` finds everything that runs, even when the
command that started it was killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local import LocalError, auth, aws, build, firestore, web
from local.commands import signals_as_interrupts, signals_deferred
from local.day_counter import DayCounter
from local.paths import LOCAL, LOGS, STACK, clean_environment, reaching_this_machine
from local.programs import Process, choose_port, start, wait_until_ready
from tracking.settings import DEFAULT_DATABASE

_STATE = STACK / "state.json"
_LOCK = STACK.with_suffix(".lock")
_PAGE = STACK / "page"
_HEALTH = {"firestore": "/", "simulator": "/healthz", "aws": "/_ministack/health", "news": "/healthz", "auth": "/"}
_NAMES = {
    "firestore": "the Firestore emulator",
    "simulator": "the platform simulator",
    "aws": "MiniStack",
    "news": "the inbox",
    "auth": "sign-in",
    "page": "the demo page",
}
# These begin the names of parameters (`YouTubeApiUrl`) and, in capitals, of variables (`YOUTUBE_API_URL`).
_PLATFORM_APIS = {"YouTube": "/youtube/v3", "X": "/x/2", "Apify": "/apify/v2"}
# Accounts that the page offers to a project without any; the simulator has recorded answers for them.
_SAMPLES = {"instagram": "NASA", "youtube": "GoogleDevelopers", "tiktok": "loveluxury.com", "twitter": "wunpini_fm"}
SENDER = "news@demo.test"
SIGNING_KEY = "a stand-in for the key that signs webhooks"  # at least 32 characters
_RUNNING_BEFORE = {"firestore": "FIRESTORE_EMULATOR_HOST", "auth": "FIREBASE_AUTH_EMULATOR_HOST"}
Say = Callable[[str], None]
Ports = Mapping[str, int | None]  # the ports asked for, by part; None for any free one


@dataclass(frozen=True)
class Part:
    """One part of the stack. `process` is None for an emulator that the user runs, and that is never stopped here."""

    address: str
    process: Process | None

    def is_alive(self) -> bool:
        return self.process is None or self.process.is_alive()


@dataclass
class State:
    """The parts and the deployment, as they are saved between two commands."""

    parts: dict[str, Part] = field(default_factory=dict)
    deployed: str = ""

    def runs(self) -> bool:
        """Return whether any part that was started here still runs."""
        return any(part.process is not None and part.is_alive() for part in self.parts.values())

    def is_up(self) -> bool:
        return bool(self.parts) and bool(self.deployed) and all(part.is_alive() for part in self.parts.values())

    def save(self) -> None:
        STACK.mkdir(parents=True, exist_ok=True)
        draft = _STATE.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=2))
        draft.replace(_STATE)

    @classmethod
    def load(cls, file: Path = _STATE) -> State:
        """Return the saved state; an empty one when nothing was saved."""
        if not file.exists():
            return cls()
        saved: dict[str, Any] = json.loads(file.read_text())
        parts = {k: Part(v["address"], v["process"] and Process(**v["process"])) for k, v in saved["parts"].items()}
        return cls(parts, saved["deployed"])

    def firestore(self) -> str:
        """Return host and port, the form of `FIRESTORE_EMULATOR_HOST`."""
        return self.parts["firestore"].address.removeprefix("http://")

    def aws(self) -> str:
        return self.parts["aws"].address

    def simulator(self) -> str:
        return self.parts["simulator"].address

    def auth(self) -> str:
        return self.parts["auth"].address

    def news(self) -> str:
        """Return the address of the receiver of webhooks, and of the inbox, which also shows both to people."""
        return self.parts["news"].address

    def page(self) -> str | None:
        """Return the address of the demo page; None without Node, which builds it."""
        return self.parts["page"].address if "page" in self.parts else None

    def environment(self) -> dict[str, str]:
        """Return the variables with which the command line and the AWS tools reach the parts."""
        return {
            "FIRESTORE_EMULATOR_HOST": self.firestore(),
            "GOOGLE_CLOUD_PROJECT": firestore.PROJECT,
            "FIRESTORE_DATABASE": DEFAULT_DATABASE,
            **platform_urls(self.simulator()),
            **aws.client_environment(self.aws()),
            **reaching_this_machine(),
        }


def up(ports: Ports, say: Say) -> State:
    """Start the parts that do not run, then build and deploy what has changed.

    After a LocalError or an interrupt, the parts that this call started are stopped. The others keep their data.
    """
    with alone("up"), signals_as_interrupts():
        state = State.load()
        ran = {name for name, part in state.parts.items() if part.is_alive()} if state.runs() else set()
        try:
            _start_missing(state, ran, ports, say)
            firestore.load_rules(state.firestore())
            DayCounter(state.firestore(), state.simulator()).restore()
            _deploy(state, say)
            _publish_page(state)
        except BaseException:
            with signals_deferred():
                _stop(state, spared=ran)
            raise
        return state


def running() -> State:
    """Return the running stack. LocalError if no stack runs."""
    state = State.load()
    if not state.is_up():
        raise LocalError("The local stack is not running: start it with `make up`.")
    return state


def down() -> None:
    """Stop every part. Safe to call when nothing runs."""
    with alone("down"), signals_deferred():
        _stop(State.load())


@contextlib.contextmanager
def borrowed(say: Say) -> Iterator[State]:
    """Yield a running stack. At the end, stop the stack only if this call started it."""
    ran = State.load().runs()
    with signals_as_interrupts():
        state = up({}, say)
        try:
            yield state
        finally:
            if not ran:
                down()


def platform_urls(simulator: str) -> dict[str, str]:
    """Return the platforms' base addresses at the simulator, with the version of each API."""
    return {f"{name.upper()}_API_URL": f"{simulator}{path}" for name, path in _PLATFORM_APIS.items()}


def outputs(state: State) -> dict[str, str]:
    """Return the outputs of the deployed template, by name."""
    stacks = aws.client("cloudformation", state.aws()).describe_stacks(StackName=aws.STACK_NAME)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}


def trigger_url(state: State) -> str:
    """Return the address of `POST /trigger`.

    It differs from the template's output, whose host ends in .localhost, which only browsers can resolve.
    """
    return f"{_api_url(state, 'TriggerUrl')}/trigger"


def news_url(state: State) -> str:
    """Return the base address of what tells news. It differs from the output in the same way."""
    return _api_url(state, "NewsUrl")


def _api_url(state: State, output: str) -> str:
    api_id = str(urlsplit(outputs(state)[output]).hostname).partition(".")[0]
    return f"{state.aws()}/_aws/execute-api/{api_id}"


def _start_missing(state: State, ran: Set[str], ports: Ports, say: Say) -> None:
    """Start the missing parts. A part that had stopped gets its old port, so that the others find it.

    All ports are chosen first, so that a port that is taken is reported before anything is started.
    """
    stopped = {name: part for name, part in state.parts.items() if name not in ran and part.process is not None}
    without_node = web.missing()
    missing = [name for name in _NAMES if name not in ran and not (name == "page" and without_node)]
    if stopped:
        say(_describe_stopped(stopped))
        _stop(state, spared=ran)  # workers of a killed part may still run
    chosen = {name: _choose_port(name, ports.get(name), stopped.get(name)) for name in missing}
    news, former = state.parts.get("news"), stopped.get("aws")
    if news and news.process and former and chosen["aws"] != _port_of(former):
        news.process.stop()  # it passes mail on to the address that MiniStack had
        chosen["news"] = _port_of(news)
        missing.append("news")
    if not ran:
        shutil.rmtree(LOGS, ignore_errors=True)
    for name in missing:
        running = None if ports.get(name) else os.environ.get(_RUNNING_BEFORE.get(name, ""))
        if running:
            _take_over(state, name, f"http://{running}")
        else:
            _start_part(state, name, chosen[name])
    if not missing and state.deployed:
        return
    if without_node:
        say(f"No demo page: {without_node}")
    say("Building the layer and the functions ...")
    build.build()
    for name, path in _HEALTH.items():
        part, url = state.parts[name], f"{state.parts[name].address}{path}"
        wait_until_ready(name, part.process, partial(aws.answers, url), log_of(name), limit_s=60)
    auth.seed(state.auth(), state.firestore())


def _describe_stopped(stopped: Mapping[str, Part]) -> str:
    """Return a sentence that says which parts had stopped, and which data is lost."""
    names = [_NAMES[name] for name in stopped]
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    told = f"{listed[0].upper()}{listed[1:]} had stopped and {'are' if len(names) > 1 else 'is'} started again"
    if "firestore" in stopped:
        return f"{told}: the jobs and accounts that Firestore held in memory are gone."
    if "aws" in stopped:
        return f"{told}. Firestore keeps its data; jobs that were running begin anew when their leases end."
    return f"{told}."


def _choose_port(name: str, wanted: int | None, before: Part | None) -> int:
    """Return the wanted port, else the one that the part had, else any free one."""
    if wanted is None and before is not None:
        with contextlib.suppress(LocalError):
            return choose_port(_port_of(before), _NAMES[name])
    return choose_port(wanted, _NAMES[name])


def _port_of(part: Part) -> int:
    return int(part.address.rpartition(":")[2])


def _take_over(state: State, name: str, address: str) -> None:
    """Use an emulator that the user runs."""
    if not aws.answers(f"{address}/"):
        variable = _RUNNING_BEFORE[name]
        raise LocalError(
            f"{variable} is {os.environ[variable]}, and {_NAMES[name]} does not answer there: start it, or unset the"
            " variable to have one started."
        )
    state.parts[name] = Part(address, None)
    state.save()


def _start_part(state: State, name: str, port: int) -> None:
    environment = clean_environment()
    match name:
        case "firestore":
            command = firestore.command(port)
        case "simulator":
            command = [sys.executable, "-m", "local.simulator", "--port", str(port)]
        case "aws":
            folder = STACK / "ministack"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            command, environment = aws.command(), aws.ministack_environment(port, folder)
        case "news":
            command = [sys.executable, "-m", "local.news", "--port", str(port), "--ses", state.aws()]
        case "auth":
            command = auth.command(port, STACK)
        case _:
            _PAGE.mkdir(parents=True, exist_ok=True)
            command = [sys.executable, "-m", "local.page", str(port), str(_PAGE)]
    with signals_deferred():
        state.parts[name] = Part(f"http://127.0.0.1:{port}", start(command, environment, log_of(name)))
        state.save()


def _deploy(state: State, say: Say) -> None:
    build.build()
    variables, parameters = function_variables(state), deployment_parameters(state)
    wanted = f"{build.fingerprint()} {json.dumps([variables, parameters])}"
    if state.deployed == wanted:
        return
    say("Deploying template.yaml ...")
    state.deployed = ""  # an interrupted deployment does not count
    state.save()
    aws.put_secrets(state.aws(), {name: _stand_in(name) for name in build.secret_names()})
    aws.verify_sender(state.aws(), SENDER)
    release = hashlib.sha256(wanted.encode()).hexdigest()[
        :16
    ]  # else new parameters alone would not reach the functions
    build.deploy(state.aws(), variables, parameters | {"Release": release})
    state.deployed = wanted
    state.save()


def _stand_in(name: str) -> str:
    return SIGNING_KEY if name.endswith("/signing") else "stand-in"


def function_variables(state: State) -> dict[str, str]:
    """Return the variables that lead every function to the emulators."""
    return {
        "FIRESTORE_EMULATOR_HOST": state.firestore(),
        "FIREBASE_AUTH_EMULATOR_HOST": state.auth().removeprefix("http://"),
        "PICTURE_SIMULATOR_URL": state.simulator(),
        "PICTURES_URL": f"{state.aws()}/${{PicturesBucket}}",  # in place of CloudFront
        "WEBHOOK_RECEIVER_URL": state.news(),
        "AWS_ENDPOINT_URL_SESV2": state.news(),
        "MAIL_APP_URL": state.page() or "",  # the parameter is for https alone
    }


def deployment_parameters(state: State) -> dict[str, str]:
    """Return the template's parameters for this stack. No value is empty, since SAM refuses empty values.

    The shell's PICTURES switches the copies of pictures on or off. Accounts are refreshed daily, and there is news
    and mail.
    """
    urls = {f"{name}ApiUrl": f"{state.simulator()}{path}" for name, path in _PLATFORM_APIS.items()}
    page = state.page()
    fixed = {"GoogleCloudProject": firestore.PROJECT, "Stage": aws.STAGE, "LambdaPlaces": "1000"}
    fixed |= {"Pictures": os.environ.get("PICTURES") or "off"}  # always: SAM keeps what is not given
    fixed |= {"RefreshByDefault": "daily", "News": "on", "MailFrom": SENDER}
    return fixed | urls | ({"AllowedOrigins": page} if page else {})


def _publish_page(state: State) -> None:
    """Build the page, and write a description of this stack beside it."""
    if state.page() is None:
        return
    web.build_page(_PAGE)
    known = {
        "projectId": firestore.PROJECT,
        "firestore": state.firestore(),
        "auth": state.auth(),
        "triggerUrl": trigger_url(state),
        "dayUrl": "./day",  # of the page's own server
        "newsUrl": news_url(state),  # of POST /webhooks/secret and /webhooks/wake
        "inboxUrl": state.news(),
        "users": [
            {"email": user.email, "password": auth.PASSWORD, "label": f"{user.name} ({user.org_id})"}
            | {"orgId": user.org_id, "trackedProjectId": user.project_id}
            for user in auth.USERS
        ],
        "samples": [{"username": username, "platform": platform} for platform, username in _SAMPLES.items()],
    }
    (_PAGE / "config.json").write_text(json.dumps(known, indent=2))


def _stop(state: State, spared: Set[str] = frozenset()) -> None:
    """Stop the parts, except the spared ones. The deployment is lost when MiniStack stops."""
    for name in state.parts.keys() - spared:
        process = state.parts.pop(name).process
        if process is not None:
            process.stop()
    if "aws" not in state.parts:
        state.deployed = ""
    if state.parts:
        state.save()
    else:
        _STATE.unlink(missing_ok=True)


def log_of(name: str) -> Path:
    return LOGS / f"{name}.log"


@contextlib.contextmanager
def alone(doing: str) -> Iterator[None]:
    """Hold the stack's lock. Two commands at the same time would start or stop each other's parts."""
    LOCAL.mkdir(exist_ok=True)
    with _LOCK.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            who = lock.read()
            raise LocalError(
                f"Another command is at work on the local stack ({who}): wait for it, or end it."
            ) from error
        lock.truncate(0)
        lock.write(f"{doing}, process {os.getpid()}")
        lock.flush()
        yield
