"""`tracking doctor --aws --stage local` on the running stack, after its deployment."""

from __future__ import annotations

import subprocess
import sys

from local.paths import ROOT, clean_environment
from tests.e2e.running import RunningStack
from tracking.store import JobFilter


def doctor(*arguments: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Run the command. Return its exit code, and state and text of each check by its name."""
    command = [sys.executable, "-m", "cli", "doctor", "--aws", "--stage", "local", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=120, check=False
    )
    rows = [(line[:9].strip(), line[10:29].strip(), line[30:]) for line in done.stdout.splitlines()[:-1]]
    assert rows, done.stderr
    return done.returncode, {name: (state, text) for state, name, text in rows}


def probes_of(stack: RunningStack) -> list[str]:
    """Return the paths of what probes have left behind."""
    left = [job.job_id for job in stack.store.list_jobs(JobFilter(), 1_000) if job.data["userId"] == "doctor"]
    for group in ("trackedAccounts", "videos"):
        paths = [document.reference.path for document in stack.client.collection_group(group).stream()]
        left += [path for path in paths if path.startswith("organizations/doctor-")]
    return left


def test_all_is_well_on_the_running_stack(running: RunningStack) -> None:
    """The checks that Google or the account would answer are skipped; the probe's data is gone afterwards."""
    running.tick()
    code, rows = doctor("--deployed", "--probe", "youtube:sim_videos_3")
    assert {name: row for name, row in rows.items() if row[0] not in ("ok", "skipped")} == {}
    assert code == 0
    for name in ("stack", "outputs", "rule", "ticks", "kick", "Firestore reads", "key of x", "plan of apify"):
        assert rows[name][0] == "ok", name
    for name in ("places of Lambda", "secret of Google", "Firestore indexes", "Google billing"):
        assert rows[name][0] == "skipped", name
    assert rows["kick"][1].startswith("202 after")
    state, told = rows["probe of youtube"]
    assert (state, "Done: 3 videos saved. Deleted again." in told) == ("ok", True)
    assert probes_of(running) == []


def test_a_disabled_rule_and_a_failed_probe_are_told(running: RunningStack) -> None:
    with running.without_schedule():
        code, rows = doctor("--platform", "youtube", "--probe", "youtube:sim_missing")
    assert code == 1
    assert rows["rule"][0] == "wrong"
    assert "aws events enable-rule --name" in rows["rule"][1]
    state, told = rows["probe of youtube"]
    assert (state, "YouTube has no account named sim_missing." in told) == ("wrong", True)
    assert "AccountNotFoundError" in told
    assert probes_of(running) == []
    assert "key of x" not in rows
