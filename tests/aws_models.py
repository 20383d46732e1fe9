"""AWS's own service models, which botocore has: each call of a test is held to them.

botocore itself checks the requests. This module checks what comes back: a response of moto, MiniStack or a Stubber must
have the members that the model requires, and code may read only members that the model has.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import botocore.session
from botocore.client import BaseClient
from botocore.model import OperationModel, StructureShape
from botocore.validate import ParamValidator

METADATA = "ResponseMetadata"  # botocore's own
CALLS = {
    "executions": {("stepfunctions", "StartExecution"), ("stepfunctions", "DescribeExecution")},
    "s3": {("s3", "PutObject"), ("s3", "GetObject"), ("s3", "DeleteObject")},
    "secrets_manager": {("secretsmanager", "GetSecretValue")},
    "bucket": {("s3", "PutObject"), ("s3", "HeadObject"), ("s3", "DeleteObject")},
    "kick": {("sqs", "SendMessage")},
    "post": {("sesv2", "SendEmail")},
    "api": {("sqs", "SendMessage")},  # notify.api
}
"""The operations that the functions call, by the module. Stand-ins answer others, which tests call, less completely."""


class ModelError(Exception):
    """A call, or code that reads its response, is not as AWS's model says."""


@functools.cache
def operation(service: str, name: str) -> OperationModel:
    """Return the model of an operation: `operation("s3", "PutObject")`."""
    return botocore.session.get_session().get_service_model(service).operation_model(name)


def error_codes(model: OperationModel) -> set[str]:
    """Return the codes of the errors that the model names, as they come in a response."""
    return {shape.metadata.get("error", {}).get("code", shape.name) for shape in model.error_shapes}


def problems(shape: StructureShape, values: Mapping[str, Any]) -> str:
    """Return what is wrong with values of this shape: a type, a missing or an unknown member. "" if nothing is."""
    return str(ParamValidator().validate(values, shape).generate_report())


class Response(dict[str, Any]):
    """A response. Reading a member that the model does not have raises ModelError, also if it may be missing."""

    def __init__(self, values: Mapping[str, Any], known: set[str]) -> None:
        super().__init__(values)
        self._known = known

    def __getitem__(self, name: str) -> Any:
        return super().__getitem__(self._checked(name))

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(self._checked(name), default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(self._checked(name))

    def _checked(self, name: Any) -> Any:
        if name not in self._known:
            raise ModelError(f"The response has no member {name!r}; it has {', '.join(sorted(self._known))}.")
        return name


def checked(model: OperationModel, response: Mapping[str, Any]) -> Response:
    """Return the response, held to the model. Raises ModelError."""
    shape = model.output_shape
    values = {name: value for name, value in response.items() if name != METADATA}
    if shape is None:
        if values:
            raise ModelError(f"{model.name} returns nothing, but not here: {values}.")
        return Response(response, {METADATA})
    # A body that is read from a stream is of no type that the validator knows.
    streams = {name for name, value in values.items() if hasattr(value, "read")}
    wrong = problems(shape, {name: b"" if name in streams else value for name, value in values.items()})
    if wrong:
        raise ModelError(f"{model.name}: {wrong}")
    return Response(response, {METADATA, *shape.members})


@contextmanager
def held_to_models() -> Iterator[None]:
    """Hold each call of `CALLS` to its model, whichever client makes it."""
    ours = {call for calls in CALLS.values() for call in calls}
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def held(client: Any, name: str, parameters: Any) -> Any:
        service = client.meta.service_model
        if (service.service_name, name) not in ours:
            return call(client, name, parameters)
        if not client.meta.config.parameter_validation:
            raise ModelError(f"This client of {service.service_name} does not check its requests.")
        return checked(service.operation_model(name), call(client, name, parameters))

    with mock.patch.object(BaseClient, "_make_api_call", held):
        yield
