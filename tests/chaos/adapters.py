"""A function's adapters, wrapped so that every call passes the plan.

Every call is a point with a name. The name of a commit comes from the kind of its change (`claim`, `advance`) and not
from its RPC, since one function makes many commits. A method that is not listed here gives its own name to its point,
so that the suite misses no new call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from tests.chaos.plan import Call, How, Plan
from tracking.errors import StoreUnavailableError
from tracking.executions import Executions, ExecutionsUnavailableError, StartRefusedError, StartUnknownError
from tracking.mail.post import MaybeSentError, Post
from tracking.sentences import Sentence
from tracking.staging import ObjectStore
from tracking.store import CleanupStore, MailStore, NotifyStore, StateStore, TickStore
from tracking.webhooks import WebhookSender

_S = TypeVar("_S", bound=TickStore | StateStore | CleanupStore | NotifyStore | MailStore)
Describe = Callable[[str, tuple[Any, ...]], Sequence[Call]]


@dataclass(frozen=True, slots=True)
class Intercepted:
    adapter: Any
    plan: Plan
    describe: Describe  # turns a method and its arguments into calls, one for each job
    error: Callable[[str, How], Exception]

    def __getattr__(self, name: str) -> Any:
        if not callable(getattr(self.adapter, name)):
            return getattr(self.adapter, name)  # a value calls no service

        def through(*args: Any, **kwargs: Any) -> Any:
            return self.plan.around(
                self.describe(name, args),
                lambda: getattr(self.adapter, name)(*args, **kwargs),
                lambda how: self.error(name, how),
            )

        return through


def _no_answer(_name: str, _how: How) -> Exception:
    return StoreUnavailableError(Sentence("The storage did not answer."))


def store(real: _S, plan: Plan, where: str) -> _S:
    """Wrap a store. `where`: the state or the function that uses it."""

    def describe(name: str, args: tuple[Any, ...]) -> Sequence[Call]:
        match name:
            case "commit":
                return [Call(f"{where}.{args[0].change.kind}", args[0].job_id)]
            case "write_each":
                return [Call(f"{where}.{write.change.kind}", write.job_id) for write in args[0]]
            case "get_job":
                return [Call(f"{where}.check", args[0])]
            case "get_jobs":
                return [Call(f"{where}.check", job_id) for job_id in args[0]]
        return [Call(f"{where}.{name}")]  # for all jobs

    return cast("_S", Intercepted(real, plan, describe, _no_answer))


def objects(real: ObjectStore, plan: Plan, where: str) -> ObjectStore:
    def describe(name: str, args: tuple[Any, ...]) -> Sequence[Call]:
        key = args[0] if isinstance(args[0], str) else args[0][0]
        return [Call(f"{where}.{name}", job_of(key.partition("/")[0]))]  # keys begin with the execution's name

    return cast("ObjectStore", Intercepted(real, plan, describe, _no_answer))


def sender(real: WebhookSender, plan: Plan, where: str) -> WebhookSender:
    """Wrap the sender of webhooks. A request raises nothing, so it has no error of its own."""
    return cast("WebhookSender", Intercepted(real, plan, lambda name, _: [Call(f"{where}.{name}")], _no_answer))


def post(real: Post, plan: Plan, where: str) -> Post:
    return cast("Post", Intercepted(real, plan, lambda name, _: [Call(f"{where}.{name}")], _no_answer_of_ses))


def _no_answer_of_ses(_name: str, _how: How) -> Exception:
    return MaybeSentError("no answer")


def executions(real: Executions, plan: Plan, where: str) -> Executions:
    def describe(name: str, args: tuple[Any, ...]) -> Sequence[Call]:
        if name == "arn":  # it calls no service
            return []
        return [Call(f"{where}.{name}", args[1]["jobId"] if name == "start" else job_of(args[0]))]

    return cast("Executions", Intercepted(real, plan, describe, _execution_error))


def job_of(execution: str) -> str:
    """Return the job's id in the name of an execution, `...-{job id}-{attempt}-{digest}`. The id has no hyphen."""
    return execution.rsplit("-", 3)[1]


def _execution_error(name: str, how: How) -> Exception:
    if name == "outcome":
        return ExecutionsUnavailableError("no answer")
    return StartRefusedError("ThrottlingException") if how is How.REFUSE else StartUnknownError("no answer")
