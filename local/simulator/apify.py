"""Apify API v2: runs of the social-media actors, their inputs and their datasets.

Error bodies that were not recorded follow https://docs.apify.com/api/v2.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence

from local.simulator.actors import Actor, InvalidInputError, find_actor
from local.simulator.faults import Fault, Kind
from local.simulator.messages import JSON_TYPE, WRONG_KEY, Json, Refused, Request, Response, Subject, comma_list
from local.simulator.runs import Run, Runs
from local.simulator.samples import recorded

_RUNS_PATH = re.compile(r"/act(?:or)?s/([^/]+)/runs")
_RUN_PATH = re.compile(r"/actor-runs/([^/]+)")
_ABORT_PATH = re.compile(r"/actor-runs/([^/]+)/abort")
_RECORD_PATH = re.compile(r"/key-value-stores/([^/]+)/records/([^/]+)")
_ITEMS_PATH = re.compile(r"/datasets/([^/]+)/items")
_LONGEST_WAIT_S = 60
_MOST_ITEMS = 250_000
_TRUE = ("1", "true")


class ApifyApi:
    base = "/apify/v2"

    def __init__(self, runs: Runs, stopping: threading.Event) -> None:
        """`stopping` cuts every `waitForFinish` short."""
        self.runs = runs
        self._stopping = stopping

    def refusal(self, request: Request) -> Response | None:
        token = request.bearer or request.query.get("token")
        if not token:
            return recorded("apify-api/errors/token_not_provided_401.json")
        return recorded("apify-api/errors/user_or_token_not_found_401.json") if token == WRONG_KEY else None

    def subject(self, request: Request) -> Subject:
        if match := _RUNS_PATH.fullmatch(request.path):
            actor = find_actor(match[1])
            platform = actor.platform if actor else "apify"
            starts = request.method == "POST"
            return Subject(platform, _username(actor, request) if actor and starts else None, meets_account=starts)
        run = self._run_of(request.path)
        if run is None:
            return Subject("apify", meets_account=False)
        return Subject(run.actor.platform, run.work.usernames[0], meets_account=False)

    def failure(self, fault: Fault) -> Response:
        if fault.kind is Kind.QUOTA:
            return recorded("apify-api/errors/monthly_usage_hard_limit_403.json")
        if fault.kind is Kind.RATE_LIMITED:
            return recorded("apify-api/errors/rate_limit_exceeded_429.json")
        kind = "service-unavailable" if fault.kind is Kind.UNAVAILABLE else "internal-server-error"
        message = "We have bad news: there was an internal server error."
        return Response.of_json({"error": {"type": kind, "message": message}}, int(fault.kind))

    def answer(self, request: Request, mode: Kind | None) -> Response:
        get, post = request.method == "GET", request.method == "POST"
        if match := _RUNS_PATH.fullmatch(request.path):
            actor = find_actor(match[1])
            if actor is None:
                return recorded("apify-api/errors/actor_not_found_404.json")
            if post:
                return self._start(request, actor, mode)
            if get:
                return self._list(request, self.runs.of_actor(actor))
        if get and (match := _RUN_PATH.fullmatch(request.path)):
            return self._when_finished(request, _found(self.runs.find(run_id=match[1])), 200)
        if post and (match := _ABORT_PATH.fullmatch(request.path)):
            run = _found(self.runs.find(run_id=match[1]))
            self.runs.abort(run)
            return Response.of_json({"data": run.to_json(self.runs.now_s())})
        if get and (match := _RECORD_PATH.fullmatch(request.path)):
            run = _found(self.runs.find(store_id=match[1]) if match[2] == "INPUT" else None)
            return Response(200, run.raw_input, {"Content-Type": JSON_TYPE})
        if get and (match := _ITEMS_PATH.fullmatch(request.path)):
            return self._items(request, _found(self.runs.find(dataset_id=match[1])))
        message = "We have bad news: there is no API endpoint at this URL. Did you specify it correctly?"
        return Response.of_json({"error": {"type": "page-not-found", "message": message}}, 404)

    def _start(self, request: Request, actor: Actor, mode: Kind | None) -> Response:
        try:
            work = actor.accept(_input(request))
        except InvalidInputError:
            return recorded("apify-api/errors/invalid_input_400.json")
        options: Json = {"timeoutSecs": _number(request, "timeout", 604_800)}
        if "memory" in request.query:
            options["memoryMbytes"] = _number(request, "memory", 0)
        if "maxItems" in request.query:
            options["maxItems"] = _number(request, "maxItems", 0)
        _number(request, "waitForFinish", 0)  # refused before anything is started
        run = self.runs.start(actor, request.body, work, mode, options)
        return self._when_finished(request, run, 201)

    def _when_finished(self, request: Request, run: Run, status: int) -> Response:
        wait_s = min(_number(request, "waitForFinish", 0), _LONGEST_WAIT_S)
        left_s = run.end_s - self.runs.now_s()
        if wait_s and left_s > 0:
            self._stopping.wait(min(wait_s, left_s))
        return Response.of_json({"data": run.to_json(self.runs.now_s())}, status)

    def _list(self, request: Request, runs: Sequence[Run]) -> Response:
        now_s = self.runs.now_s()
        if states := comma_list(request.query.get("status", "")):
            runs = [run for run in runs if run.status(now_s) in states]
        descending = request.query.get("desc") in _TRUE
        offset, limit = _number(request, "offset", 0), min(_number(request, "limit", 1000), 1000)
        page = (runs[::-1] if descending else runs)[offset : offset + limit]
        data = {"total": len(runs), "offset": offset, "limit": limit, "desc": descending, "count": len(page)}
        return Response.of_json({"data": data | {"items": [run.to_short_json(now_s) for run in page]}})

    def _items(self, request: Request, run: Run) -> Response:
        items = run.items(self.runs.now_s())
        limited = "limit" in request.query
        offset, limit = _number(request, "offset", 0), min(_number(request, "limit", _MOST_ITEMS), _MOST_ITEMS)
        total = len(items)
        descending = request.query.get("desc") in _TRUE
        loops = run.mode is Kind.LOOP and limited
        start = 0 if loops else offset
        page = [_shown(item, request) for item in (items[::-1] if descending else items)[start : start + limit]]
        if request.query.get("clean") in _TRUE:
            page = [item for item in page if item]
        headers = {
            "X-Apify-Pagination-Offset": str(offset),
            "X-Apify-Pagination-Limit": str(limit),
            "X-Apify-Pagination-Count": str(len(page)),
            "X-Apify-Pagination-Total": str(offset + limit + total if loops else total),
            "X-Apify-Pagination-Desc": str(descending).lower(),
        }
        return Response.of_json(page, headers=headers)

    def _run_of(self, path: str) -> Run | None:
        if match := _RUN_PATH.fullmatch(path) or _ABORT_PATH.fullmatch(path):
            return self.runs.find(run_id=match[1])
        if match := _RECORD_PATH.fullmatch(path):
            return self.runs.find(store_id=match[1])
        match = _ITEMS_PATH.fullmatch(path)
        return self.runs.find(dataset_id=match[1]) if match else None


def _username(actor: Actor, request: Request) -> str | None:
    try:
        return actor.accept(_input(request)).usernames[0]
    except InvalidInputError:
        return None


def _input(request: Request) -> Json:
    try:
        run_input = json.loads(request.body or b"{}")
    except ValueError as error:
        raise InvalidInputError("The body is not JSON") from error
    if not isinstance(run_input, dict):
        raise InvalidInputError("The body is not an object")
    return run_input


def _found(run: Run | None) -> Run:
    if run is None:
        raise Refused(recorded("apify-api/errors/record_not_found_404.json"))
    return run


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal():
        message = f'Query parameter "{name}" must be a whole number of at least 0'
        raise Refused(Response.of_json({"error": {"type": "invalid-parameter", "message": message}}, 400))
    return int(text)


def _shown(item: Json, request: Request) -> Json:
    """An item as `clean`, `fields` and `omit` let it through."""
    fields, omitted = comma_list(request.query.get("fields", "")), comma_list(request.query.get("omit", ""))
    clean = request.query.get("clean") in _TRUE
    return {
        key: value
        for key, value in item.items()
        if (not fields or key in fields) and key not in omitted and not (clean and key.startswith("#"))
    }
