"""One tick, in order: read the pending jobs, claim them, start them, give back what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tracking.executions import StartRefusedError, StartUnknownError
from tracking.store import MAX_WRITES_PER_COMMIT, JobWrite
from tracking.wiring import TriggerDeps
from trigger.claim import Claim, Refusal, age_s, claim_jobs, fail_malformed, sort_out

PARALLEL_STARTS = 16
"""StartExecution is a wait of some 20 ms, so threads help; AWS refills 150 to 300 starts a second:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


@dataclass(frozen=True, slots=True)
class Started:
    job_id: str
    waited_s: float  # from the document's createdAt to the claim


class StartsRefusedError(Exception):
    """Step Functions refused to start executions for a reason that waiting does not mend."""


@dataclass(slots=True)
class Tick:
    """What one tick did, by job."""

    oldest_pending_age_s: float = 0.0
    started: list[Started] = field(default_factory=list)
    malformed: list[Refusal] = field(default_factory=list)
    lost: int = 0  # claimed by another tick, or cancelled, between our read and our write
    refused: list[Refusal] = field(default_factory=list)
    unknown: list[Refusal] = field(default_factory=list)  # may run or not; their leases will tell
    needs_attention: str | None = None

    def counts(self) -> dict[str, int]:
        return {
            "started": len(self.started),
            "malformed": len(self.malformed),
            "lost": self.lost,
            "refused": len(self.refused),
            "unknown": len(self.unknown),
        }

    def raise_for_refusals(self) -> None:
        if self.needs_attention:
            raise StartsRefusedError(f"{self.needs_attention}: {len(self.refused)} jobs were given back.")


def run_tick(deps: TriggerDeps) -> Tick:
    """Each wave of claims is started before the next is made: a tick that dies leaves few claims unstarted."""
    tick = Tick()
    snapshots = deps.store.pending_jobs(deps.max_starts_per_tick)
    pending, malformed = sort_out(snapshots)
    if malformed:
        tick.malformed = fail_malformed(deps, malformed)
    now = deps.clock.now()
    tick.oldest_pending_age_s = max((age_s(p.job, now) for p in pending), default=0.0)
    for first in range(0, len(pending), MAX_WRITES_PER_COMMIT):
        wave = pending[first : first + MAX_WRITES_PER_COMMIT]
        claims = claim_jobs(deps, wave)
        tick.lost += len(wave) - len(claims)
        _start_all(deps, claims, tick)
    return tick


def _start_all(deps: TriggerDeps, claims: Sequence[Claim], tick: Tick) -> None:
    refused: list[Claim] = []
    with ThreadPoolExecutor(PARALLEL_STARTS) as pool:
        for claim, error in zip(claims, pool.map(lambda c: _start(deps, c), claims), strict=True):
            if error is None:
                tick.started.append(Started(claim.job.job_id, claim.waited_s))
            elif isinstance(error, StartRefusedError):
                refused.append(claim)
                tick.refused.append(Refusal(claim.job.job_id, error.code))
                if not error.is_throttling:
                    tick.needs_attention = error.code
            else:
                tick.unknown.append(Refusal(claim.job.job_id, "no answer from StartExecution"))
    if refused:
        now = deps.clock.now()
        deps.store.write_each([JobWrite(claim.job.job_id, claim.give_back(now), claim.version) for claim in refused])


def _start(deps: TriggerDeps, claim: Claim) -> StartRefusedError | StartUnknownError | None:
    try:
        deps.executions.start(claim.execution_name, claim.payload())
    except (StartRefusedError, StartUnknownError) as error:
        return error
    return None
