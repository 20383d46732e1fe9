"""The endpoints that a run meets. Each is read once: what a page changes meanwhile is seen by the next run."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from aws_lambda_powertools import Logger

from tracking.store import NotifyStore, StoredDocument
from tracking.webhooks import MAX_ENDPOINTS, Endpoint, MalformedEndpointError, endpoints_of

PARALLEL_QUERIES = 10


class Endpoints:
    def __init__(self, store: NotifyStore, logger: Logger) -> None:
        self._store, self._logger = store, logger
        self._by_org: dict[str, list[Endpoint]] = {}
        self._by_path: dict[str, Endpoint | None] = {}
        self._last_of: dict[str, str] = {}  # the last path of an organisation that has MAX_ENDPOINTS, or more

    def read_orgs(self, org_ids: Collection[str]) -> None:
        """Read the endpoints of these organisations, at most MAX_ENDPOINTS of each."""
        new = sorted(set(org_ids) - self._by_org.keys())
        if not new:
            return
        if len(new) == 1:
            found = [self._of_org(new[0])]
        else:
            with ThreadPoolExecutor(PARALLEL_QUERIES) as pool:
                found = list(pool.map(self._of_org, new))
        for org_id, stored in zip(new, found, strict=True):
            checked = [self._checked(path, document) for path, document in stored.items()]
            if len(stored) == MAX_ENDPOINTS:
                self._last_of[org_id] = max(stored)
            self._by_org[org_id] = [endpoint for endpoint in checked if endpoint]

    def read(self, paths: Collection[str]) -> None:
        """Read these endpoints."""
        new = [path for path in paths if path not in self._by_path]
        found = self._store.get_stored_each(new) if new else {}
        for path in new:
            if path in found:
                self._checked(path, found[path])
            else:
                self._by_path[path] = None

    def of_org(self, org_id: str) -> list[Endpoint]:
        """Return an organisation's endpoints, which were read, without malformed ones."""
        return self._by_org[org_id]

    def at(self, path: str) -> Endpoint | None:
        """Return an endpoint that was read; None if it is gone or malformed."""
        return self._by_path[path]

    def is_beyond(self, endpoint: Endpoint) -> bool:
        """Return whether the endpoint is not among the first of its organisation, if the organisation was read."""
        last = self._last_of.get(endpoint.org_id)
        return last is not None and endpoint.path > last

    def _of_org(self, org_id: str) -> dict[str, StoredDocument]:
        return self._store.stored_in(endpoints_of(org_id), MAX_ENDPOINTS)

    def _checked(self, path: str, stored: StoredDocument) -> Endpoint | None:
        if path in self._by_path:
            return self._by_path[path]  # as it was read first
        try:
            endpoint = Endpoint.from_document(path, stored.fields, stored.version)
        except MalformedEndpointError as error:
            self._logger.warning("odd endpoint", action="endpoint_odd", path=path, reason=str(error))
            endpoint = None
        self._by_path[path] = endpoint
        return endpoint


def org_of(path: str) -> str:
    """Return the organisation to which an endpoint or a delivery belongs, by its path."""
    return path.split("/")[1]
