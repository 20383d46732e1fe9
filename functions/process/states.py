"""The table of states: one row for each Task of statemachine/tracking.asl.json that calls the process function.

No other module names a state. Retries, commits, metrics, tests, the bench and the fault injection read the rows. A test
compares the definition and the events with the rows. In `CHAIN` each row has a higher progress than the row before, and
the last one completes the job.
"""

from __future__ import annotations

from process import fail_job, fetch_account, fetch_videos, save_account, save_some_videos, save_videos
from process.step import State
from tracking.jobs import Progress

CHAIN = (
    State("FetchAccount", fetch_account.run, Progress.ACCOUNT_FETCHED, waits=True, goes_on=True),
    State("SaveAccount", save_account.run, Progress.ACCOUNT_SAVED),
    State("FetchVideos", fetch_videos.run, Progress.VIDEOS_FETCHED, waits=True, goes_on=True),
    State("SaveVideos", save_videos.run, Progress.VIDEOS_SAVED),
)
"""The states of a successful job, in order."""

SAVE_SOME = State("SaveSomeVideos", save_some_videos.run, Progress.ACCOUNT_SAVED)
"""Saves a chunk of the videos between two runs of the state that fetches them. The job's progress stays."""

FAIL_JOB = State("FailJob", fail_job.run, None)

STATES = {state.name: state for state in (*CHAIN, SAVE_SOME, FAIL_JOB)}
