"""The claim: its time, compared with the time of its query alone, and its number of RPCs."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime

from bench import BenchError
from bench.rpcs import RecordedClient, RpcRecorder
from bench.table import Relation, Row, Target
from bench.timing import medians, ms, took_s
from tracking import jobs
from tracking.clock import SystemClock
from tracking.executions import MemoryExecutions
from tracking.jobs import AccountType, Fields, PlatformName
from tracking.settings import Limits
from tracking.store import JOBS
from tracking.store.firestore import FirestoreStore
from tracking.wiring import TriggerDeps
from trigger.choice import choose
from trigger.claim import claim_jobs
from trigger.control import Control
from trigger.slots import Slots
from trigger.tick import run_tick

ROUNDS = 31
# In a new emulator the first 1,500 claims take 1.4 to 2 times as long as later ones. Queries show almost no difference.
WARM_UPS = 5
JOBS_CLAIMED = 50
COUNTED_SIZES = (1, 50, 500)
ORG = "bench-org"
LIMITS = Limits(running=500, per_credential=500, max_open_jobs=501)


def rows() -> list[Row]:
    counts = {size: _rpcs_of_claiming(size) for size in COUNTED_SIZES}
    for _ in range(WARM_UPS):
        _rpcs_of_claiming(max(COUNTED_SIZES))
    query, claim = medians((_query_s, _claim_s), ROUNDS)
    return [
        Row(
            f"claim of {JOBS_CLAIMED} jobs / bare query for them, warm emulator",
            claim / query,
            Target(Relation.AT_MOST, 3.0),
            f"{ms(claim)} / {ms(query)}",
        ),
        Row(
            "claim, whatever the number of jobs",
            max(map(len, counts.values())),
            Target(Relation.EXACTLY, 2, "RPCs"),
            ", ".join(f"{len(names)} for {size:,}" for size, names in counts.items()) + " jobs",
        ),
        _busy_tick(),
        _idle_tick(),
    ]


def pending_job(number: int = 0) -> Fields:
    return jobs.new(
        org_id=ORG,
        project_id=f"bench-project-{number}",
        user_id="bench-user",
        username=f"account_{number}",
        platform=PlatformName.YOUTUBE,
        account_type=AccountType.COMPETITOR,
        now=datetime.now(UTC),
    )


def _trigger(client: RecordedClient, pending: int) -> TriggerDeps:
    """Return the trigger's collaborators on a new database with this number of pending jobs."""
    batch = client.batch()
    for number in range(pending):
        batch.create(client.collection(JOBS).document(), pending_job(number))
    batch.commit()
    client.rpcs.taken()
    return TriggerDeps(FirestoreStore(client), MemoryExecutions(), SystemClock(), LIMITS)


def _query_s() -> float:
    deps = _trigger(RecordedClient(RpcRecorder()), JOBS_CLAIMED)
    _query(deps)
    return took_s(lambda: _query(deps))


def _claim_s() -> float:
    deps = _trigger(RecordedClient(RpcRecorder()), JOBS_CLAIMED)
    _query(deps)  # warms the connection, as `_query_s` does
    return took_s(lambda: _claim(deps))


def _query(deps: TriggerDeps) -> None:
    deps.store.open_jobs(LIMITS.max_open_jobs)


def _claim(deps: TriggerDeps) -> int:
    """Claim jobs as a tick does, but do not read the control document, which a tick reads when jobs wait."""
    waiting = deps.store.open_jobs(LIMITS.max_open_jobs)
    slots = Slots(deps.limits, Counter(), {}, deps.clock.now())
    chosen = choose(deps, slots, waiting, Control(None, deps.clock.now()), lambda: math.inf, saw_all=True).chosen
    return len(claim_jobs(deps, chosen, lambda: math.inf).won)


def _rpcs_of_claiming(size: int) -> list[str]:
    client = RecordedClient(RpcRecorder())
    claimed = _claim(_trigger(client, size))
    if claimed != size:
        raise BenchError(f"{claimed} of {size} jobs were claimed.")
    return client.rpcs.taken()


def _busy_tick() -> Row:
    client = RecordedClient(RpcRecorder())
    tick = run_tick(_trigger(client, JOBS_CLAIMED))
    names = client.rpcs.taken()
    if len(tick.started) != JOBS_CLAIMED:
        raise BenchError(f"{len(tick.started)} of {JOBS_CLAIMED} jobs were started.")
    return Row(
        f"tick that starts {JOBS_CLAIMED} jobs",
        len(names),
        Target(Relation.EXACTLY, 4, "RPCs"),
        f"{' + '.join(names)}: jobs, control document, slots, claims",
    )


def _idle_tick() -> Row:
    client, executions = RecordedClient(RpcRecorder()), MemoryExecutions()
    run_tick(TriggerDeps(FirestoreStore(client), executions, SystemClock(), LIMITS))
    names = client.rpcs.taken()
    return Row(
        "idle tick",
        len(names),
        Target(Relation.EXACTLY, 1, "RPC"),
        f"{' + '.join(names)}; {len(executions.started)} executions started",
    )
