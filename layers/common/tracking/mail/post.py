"""SES: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html

A call is made once. botocore would repeat one that was not answered, and then the mail might go out twice.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
)

from tracking.jobs import Fields


class NotSentError(Exception):
    """SES refused the mail, so it was surely not sent.

    `is_lasting`: the same mail would be refused again. `is_about_us`: the account, its rights or its identities must
    be mended by an operator.
    """

    def __init__(self, reason: str, *, is_lasting: bool = False, is_about_us: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_lasting = is_lasting
        self.is_about_us = is_about_us


class MaybeSentError(Exception):
    """Nobody knows whether the mail was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Post(Protocol):
    def send(self, mail_id: str, mail: Fields) -> str:
        """Send a mail and return its message id. Raises NotSentError, MaybeSentError."""
        ...


_SLOW_DOWN = frozenset({"TooManyRequestsException", "ThrottlingException", "LimitExceededException"})
_LASTING = frozenset({"BadRequestException", "MessageRejected", "ValidationException"})
_MAILBOX = re.compile(r"[^\s@<>(),:;\"]+@")
_UNVERIFIED = "not verified"
"""A part of MessageRejected's text if the sender, or in the sandbox the receiver, is not verified."""


class SesPost:
    """`configuration_set`: reports bounces and complaints; "" for none."""

    def __init__(self, client: Any, configuration_set: str = "") -> None:
        self._client = client
        self._configuration_set = configuration_set

    def send(self, mail_id: str, mail: Fields) -> str:
        message, reply_to = mail["message"], mail.get("replyTo")
        request: dict[str, Any] = {
            "FromEmailAddress": mail["from"],
            "Destination": {"ToAddresses": mail["to"]},
            "Content": {
                "Simple": {
                    "Subject": _utf8(message["subject"]),
                    "Body": {"Text": _utf8(message["text"]), "Html": _utf8(message["html"])},
                    "Headers": [{"Name": name, "Value": value} for name, value in mail["headers"].items()],
                }
            },
            # The feedback function finds the person by it. Ids of organisations and users may have characters that a
            # tag must not have.
            "EmailTags": [{"Name": "mailId", "Value": mail_id}],
        }
        if reply_to:
            request["ReplyToAddresses"] = [reply_to]
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        try:
            return str(self._client.send_email(**request)["MessageId"])
        except ClientError as error:
            raise _translated(error) from error
        except (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError) as error:
            raise NotSentError(f"SES cannot be reached: {type(error).__name__}") from error
        except NoCredentialsError as error:
            raise NotSentError("There are no credentials for SES.", is_about_us=True) from error
        except ParamValidationError as error:
            raise NotSentError("The mail is malformed.", is_lasting=True) from error
        except BotoCoreError as error:
            raise MaybeSentError(f"No answer of SES: {type(error).__name__}") from error


def _translated(error: ClientError) -> NotSentError | MaybeSentError:
    code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    reason = masked(f"{code}: {text}"[:500])
    if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        return MaybeSentError(reason)
    if code in _SLOW_DOWN:
        return NotSentError(reason)
    if code in _LASTING and _UNVERIFIED not in text:
        return NotSentError(reason, is_lasting=True)
    # Sending is paused or the account suspended, an identity is not verified, the configuration set is gone, or a
    # right is missing. The same mail is accepted once an operator has mended it.
    return NotSentError(reason, is_about_us=True)


def masked(text: str) -> str:
    """Return a text without the names in its addresses: logs hold no address of a person."""
    return _MAILBOX.sub("…@", text)


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
