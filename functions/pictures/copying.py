"""Copy the pictures of one account: its avatar, and the thumbnails of its newest videos.

A picture that cannot be copied is left out, because the job is complete without it. The next job of the account tries
it again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger

from tracking.document_limits import is_document_id
from tracking.errors import InvalidJobError, StoreUnavailableError
from tracking.jobs import Job, Status
from tracking.pictures import Copy, Kind, PictureRefusedError, name_of, source_of
from tracking.pictures.small import shrunk
from tracking.platform_contract import PICTURE_HOSTS
from tracking.sentences import say
from tracking.store import DocumentExistsError, DocumentStore, DocumentWrite, account_path
from tracking.wiring import PicturesDeps

CONTROL_DOCUMENT = "trackingControl/pictures"
NAME_KEY = "nameKey"
"""The control document's only field: a random text, made once. Whoever knows it can find out names of copies."""


@dataclass(frozen=True, slots=True)
class Done:
    copied: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    """A picture that a document names, and the copy that it has."""

    document: str  # path
    kind: Kind
    url: str
    copy: Copy | None

    @classmethod
    def of(cls, document: str, kind: Kind, fields: Mapping[str, Any]) -> Iterator[_Picture]:
        """Yield the picture, if the document names one."""
        url = fields.get(kind.source_field)
        if isinstance(url, str) and url:
            yield cls(document=document, kind=kind, url=url, copy=Copy.from_field(fields.get(kind)))


def copy_pictures(job_id: str, deps: PicturesDeps, deadline: datetime, logger: Logger) -> Done:
    """Copy what has no copy yet. Pictures that no time is left for wait for the account's next job.

    Raises StoreUnavailableError or CredentialsError if our own storage fails. It is safe to begin again then: a stored
    copy is found by its name.
    """
    job = _completed(job_id, deps.store)
    if job is None or not is_document_id(job.account_id or ""):
        return Done()
    account = account_path(job.org_id, job.project_id, str(job.account_id))
    now = deps.clock.now()
    wanted = [
        picture
        for picture in _pictures(account, deps)
        if picture.copy is None or not picture.copy.is_of(source_of(picture.url), now, deps.kept_for)
    ]
    if not wanted:
        return Done()
    key, copies, refused = _name_key(deps.store), list[tuple[_Picture, Copy]](), 0
    for picture in wanted:
        if deps.clock.now() >= deadline:
            logger.warning("no time for pictures", action="pictures_late", number=len(wanted) - len(copies) - refused)
            break
        try:
            copies.append((picture, _copied(picture, key, PICTURE_HOSTS[job.platform], deps)))
        except PictureRefusedError as error:
            refused += 1
            logger.info("picture left out", action="picture_left_out", path=picture.document, reason=str(error))
    _write(copies, deps)
    return Done(len(copies), refused)


def _completed(job_id: str, store: DocumentStore) -> Job | None:
    """Return the job, or None if it is gone, malformed or not completed."""
    snapshot = store.get_job(job_id)
    try:
        job = snapshot and snapshot.parse()
    except InvalidJobError:
        return None
    return job if job and job.status is Status.COMPLETED else None


def _pictures(account: str, deps: PicturesDeps) -> Iterator[_Picture]:
    """Yield the avatar, then the thumbnails, the newest video's first."""
    yield from _Picture.of(account, Kind.AVATAR, deps.store.get_document(account) or {})
    videos = f"{account}/videos"
    for video_id, fields in deps.store.get_newest(videos, "publishedAt", deps.max_thumbnails).items():
        yield from _Picture.of(f"{videos}/{video_id}", Kind.THUMBNAIL, fields)


def _copied(picture: _Picture, key: bytes, hosts: tuple[str, ...], deps: PicturesDeps) -> Copy:
    body = deps.web.fetch(picture.url, hosts)
    name, now = name_of(key, picture.document, body), deps.clock.now()
    stored_at = deps.copies.keep(name, shrunk(body, picture.kind), since=now - deps.kept_for / 2, now=now)
    return Copy(url=f"{deps.url}/{name}", source=source_of(picture.url), expires_at=stored_at + deps.kept_for)


def _write(copies: list[tuple[_Picture, Copy]], deps: PicturesDeps) -> None:
    """Write the copies to their documents, then delete the copies that they replace.

    A copy whose document is gone stays until the bucket deletes it.
    """
    writes = [DocumentWrite(picture.document, {picture.kind: copy.to_field()}) for picture, copy in copies]
    for (picture, copy), is_written in zip(copies, deps.store.update_each(writes), strict=True):
        if is_written and picture.copy and picture.copy.url != copy.url:
            address, _, name = picture.copy.url.rpartition("/")
            if address == deps.url:  # else it is of an earlier bucket
                deps.copies.delete(name)


def _name_key(store: DocumentStore) -> bytes:
    """Return the secret part of all names. It is made at the first copy of all."""
    for _ in range(2):
        key = (store.get_document(CONTROL_DOCUMENT) or {}).get(NAME_KEY)
        if isinstance(key, str) and key:
            return key.encode()
        made = DocumentWrite(CONTROL_DOCUMENT, {NAME_KEY: secrets.token_hex(32)}, must_be_new=True)
        with suppress(DocumentExistsError):  # another invocation was quicker
            store.put_document(made)
    raise StoreUnavailableError(say("databaseTrouble", detail="Our database has no key for the names of pictures."))
