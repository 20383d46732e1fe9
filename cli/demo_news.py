"""The demo's webhooks and mail: an endpoint whose receiver is the inbox of the local stack."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import httpx

from local import auth
from local.stack import SIGNING_KEY
from tracking.clock import Clock
from tracking.store import DocumentExistsError, DocumentWrite, Store
from tracking.webhooks import endpoints_of, new_endpoint, signing

URL = "https://example.com/account-tracking"
"""An address of nobody's: in local mode all webhooks go to the inbox."""
LIMIT = timedelta(seconds=75)
"""An execution's end brings the webhooks within seconds, and else the minute's run does."""
_ENDPOINT_ID = "demo-endpoint"
_LOOK_S = 0.5


def add_endpoint(store: Store, inbox: httpx.Client, user: auth.User, clock: Clock) -> None:
    """Create the user's endpoint, unless it exists, and tell the inbox its secret, as its owner would."""
    path = f"{endpoints_of(user.org_id)}/{_ENDPOINT_ID}"
    description = "The demo's receiver: the inbox of the local stack"
    fields = new_endpoint(URL, user.uid, clock.now(), description)
    try:
        store.put_document(DocumentWrite(path, fields, must_be_new=True))
    except DocumentExistsError:
        fields = store.get_document(path) or fields  # of a demo before; its owner may have changed it
    secret = signing.secret(SIGNING_KEY, user.org_id, _ENDPOINT_ID, fields["secretVersion"])
    inbox.post("/receivers", json={"url": fields["url"], "secret": secret}).raise_for_status()


def wait_for_webhooks(inbox: httpx.Client, job_ids: Collection[str], clock: Clock) -> dict[str, bool]:
    """Wait until the inbox has a webhook about each job, and return whether it was verified, by job.

    After LIMIT, jobs without one are left out.
    """
    until = clock.now() + LIMIT
    while True:
        received = inbox.get("/webhooks").raise_for_status().json()["webhooks"]
        heard = {
            job_id: one["isVerified"] for one in reversed(received) for job_id in job_ids if _is_about(one, job_id)
        }
        if heard.keys() == {*job_ids} or clock.now() >= until:
            return heard
        clock.sleep(_LOOK_S)


def _is_about(webhook: dict[str, Any], job_id: str) -> bool:
    return str(webhook["eventId"]).startswith(f"{job_id}-")
