"""The deployed releases: complete templates, whose code is in the bucket beside them.

Each template says in its own `Metadata` which release it is, which one it replaced, and with which parameters it was
deployed. CloudFormation returns the template that is live, also after it undid a failed change. So no list of releases
has to be kept in step with the stack.

    s3://BUCKET/STAGE/20261129T221500Z-1a2b3c4.yaml    a release
    s3://BUCKET/STAGE/code/...                         the code of all releases, named by its digest
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from cli.deploy.places import Place
from cli.deploy.stages import DeployError
from local.paths import ROOT, clean_environment

_KEY = "TrackingRelease"  # in the template's Metadata


@dataclass(frozen=True)
class Release:
    """A release. `replaced`: the id of the release that was live before it; empty for the first."""

    id: str
    replaced: str
    parameters: Mapping[str, str]
    template: Mapping[str, Any]

    @property
    def commit(self) -> str:
        """The short id of the commit that it was built from; "unknown" without a repository."""
        return self.id.partition("-")[2].removesuffix("-dirty")

    @classmethod
    def of(cls, template: Any) -> Release | None:
        """Return the release that the template says it is; None for a template that was deployed by other means."""
        said = template.get("Metadata", {}).get(_KEY) if isinstance(template, dict) else None
        return cls(said["Id"], said["Replaced"], said["Parameters"], template) if said else None

    @classmethod
    def made(cls, id_: str, replaced: str, parameters: Mapping[str, str], template: Mapping[str, Any]) -> Release:
        """Make a release of a template, and say so in its Metadata."""
        said = {_KEY: {"Id": id_, "Replaced": replaced, "Parameters": dict(parameters)}}
        metadata = {**template.get("Metadata", {}), **said}
        return cls(id_, replaced, parameters, {**template, "Metadata": metadata})


def new_id(now: datetime) -> str:
    """Return the id of a release that is built now: the time, and the commit; `-dirty` if files were changed since."""
    return f"{now:%Y%m%dT%H%M%SZ}-{_git('describe', '--always', '--dirty', '--exclude=*') or 'unknown'}"


def refuse_older(release: Release) -> None:
    """Raise DeployError if this folder's commit is older than the release's, or if its history is not complete.

    A release of a commit that this folder's repository does not have refuses nothing: it was deployed by hand.
    """
    if _git("rev-parse", "--is-shallow-repository") != "false":
        raise DeployError("Nothing says which commit is older: fetch the whole history (git fetch --unshallow).")
    ours, theirs = _git("rev-parse", "HEAD"), _git("rev-parse", "--verify", "--quiet", f"{release.commit}^{{commit}}")
    if theirs and ours != theirs and _git("merge-base", ours, theirs) == ours:
        raise DeployError(
            f"This commit, {ours[:7]}, is older than the live release {release.id}. `make rollback` goes back to an"
            " older release; to go on, deploy a newer commit."
        )


def live(place: Place) -> Release | None:
    """Return the release that the existing stack has now; None if it was deployed by other means."""
    formation = place.client("cloudformation")
    body = formation.get_template(StackName=place.stage.stack_name, TemplateStage="Original")["TemplateBody"]
    try:
        return Release.of(body if isinstance(body, dict) else yaml.load(body, yaml.CSafeLoader))
    except yaml.YAMLError:  # with short forms such as !Ref, which ours never have
        return None


def store(place: Place, release: Release) -> None:
    """Keep the release in the bucket."""
    body = yaml.safe_dump(dict(release.template), sort_keys=False).encode()
    place.client("s3").put_object(Bucket=place.bucket, Key=_key(place, release.id), Body=body)


def load(place: Place, id_: str) -> Release:
    """Return a kept release. DeployError, with the newest ids, if there is none of this id."""
    s3 = place.client("s3")
    try:
        body = s3.get_object(Bucket=place.bucket, Key=_key(place, id_))["Body"].read()
    except s3.exceptions.NoSuchKey as error:
        raise DeployError(f"There is no release {id_}. {newest(place)}") from error
    release = Release.of(yaml.load(body, yaml.CSafeLoader))
    if release is None:
        raise DeployError(f"s3://{place.bucket}/{_key(place, id_)} does not say that it is a release.")
    return release


def address(place: Place, id_: str) -> str:
    """Return the https address of a release: path-style, which is right in every partition and on this machine."""
    return f"{place.client('s3').meta.endpoint_url}/{place.bucket}/{_key(place, id_)}"


def newest(place: Place, limit: int = 5) -> str:
    """Return a sentence that names the newest releases."""
    prefix = f"{place.stage.name}/"
    pages = place.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=place.bucket, Prefix=prefix, Delimiter="/")
    keys = (one["Key"] for page in found for one in page.get("Contents", []))
    ids = sorted((key.removeprefix(prefix).removesuffix(".yaml") for key in keys), reverse=True)
    return f"The newest releases: {', '.join(ids[:limit]) or 'none'}."


def _git(*arguments: str) -> str:
    """Return what git says about this folder; empty if it fails."""
    command = ["git", *arguments]
    said = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False)
    return said.stdout.strip() if said.returncode == 0 else ""


def _key(place: Place, id_: str) -> str:
    return f"{place.stage.name}/{id_}.yaml"
