"""Every error that this system raises on purpose.

    TrackingError
      PermanentError              never retried
        InvalidJobError             the document or event is malformed
        AccountNotFoundError
        AccountPrivateError
        AccountSuspendedError
        CredentialsError            key missing, wrong or without rights
        QuotaExceededError          daily or monthly quota used up
        AllowanceSpentError         a refresh may spend no more
        ContractError               the platform's answer breaks its contract
      TransientError              retried by the state machine
        PlatformUnavailableError    5xx, network, time-out
        RateLimitedError            429; carries retry_at
        StoreUnavailableError       Firestore or S3 did not answer
        OvertakenError              a doubled run of the state was faster
      QuietError                 stop quietly; the machine's execution succeeds
        JobCancelledError           the user cancelled, or the job was deleted
        StaleAttemptError           another attempt owns the job
        JobPausedError              the platform refuses us, or has no room; the job waits in the queue

Step Functions matches an error by its class name alone, never by its base classes. So the names of the classes that
have no subclass are an interface. `tests/integration/test_statemachine.py` compares these names with the definition.

Each permanent and transient error carries a sentence for the user of the job. It never contains a secret.
"""

from __future__ import annotations

from datetime import datetime

from tracking.sentences import Sentence


class TrackingError(Exception):
    """Any error that this system raises on purpose. `str(error)` is a sentence for people."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence.text)
        self.sentence = sentence

    @property
    def message(self) -> str:
        return self.sentence.text

    def name_the_sentence(self) -> None:
        """Add the sentence's code to `str(error)`, for an error that leaves a Lambda function (`Sentence.to_cause`)."""
        self.args = (self.sentence.to_cause(),)


class PermanentError(TrackingError):
    """Trying again cannot help."""


class TransientError(TrackingError):
    """Trying again later may help."""


class InvalidJobError(PermanentError):
    """The job's document, or the event that names it, is malformed."""


class AccountNotFoundError(PermanentError):
    """The platform has no such account."""


class AccountPrivateError(PermanentError):
    """The account is private; no credential of ours can read its posts."""


class AccountSuspendedError(PermanentError):
    """The platform has suspended the account."""


class IdentityChangedError(PermanentError):
    """The name of a tracked account belongs to another account now."""


class AllowanceSpentError(PermanentError):
    """A refresh has spent what its order allows, or it is not known what a killed run of a state has spent."""


class CredentialsError(PermanentError):
    """Our key is missing, wrong, or lacks a right.

    `credential`: "google" or "aws"; None if the key is the one of the job's platform.
    `is_for_all`: False if the refusal may concern this one account only.
    `is_missing`: True if nobody has stored the key. Otherwise it is there, and refused, or we may not read it.
    """

    def __init__(
        self, sentence: Sentence, credential: str | None = None, *, is_for_all: bool = True, is_missing: bool = False
    ) -> None:
        super().__init__(sentence)
        self.credential = credential
        self.is_for_all = is_for_all
        self.is_missing = is_missing

    @property
    def stops_platform(self) -> bool:
        """Return whether no job of the job's platform can go on."""
        return self.credential is None and self.is_for_all


class QuotaExceededError(PermanentError):
    """Our daily or monthly quota at the platform is used up."""


class ContractError(PermanentError):
    """The platform's answer is not allowed by its contract."""


class PlatformUnavailableError(TransientError):
    """The platform failed, could not be reached, or did not answer in time."""


class RateLimitedError(TransientError):
    """The platform asks us to wait until `retry_at` (aware UTC; None if it names no time)."""

    def __init__(self, sentence: Sentence, retry_at: datetime | None = None) -> None:
        super().__init__(sentence)
        self.retry_at = retry_at


class StoreUnavailableError(TransientError):
    """Our own storage (Firestore, S3) failed or did not answer in time."""


class OvertakenError(TransientError):
    """Another run of the same state ended its work first.

    If the execution still waits for this run, it needs the state's output: a retry finds the work done, and has it.
    """


class QuietError(TrackingError):
    """The execution stops without a change of the job. The message is for the log."""

    def __init__(self, message: str) -> None:
        super().__init__(Sentence(message))


class JobCancelledError(QuietError):
    """The job was cancelled or deleted while its execution ran."""


class StaleAttemptError(QuietError):
    """This attempt no longer owns the job: the job ended, or a newer attempt owns it."""


class JobPausedError(QuietError):
    """The platform refuses our credential, or has no room for a run, for longer than an execution lasts.

    The job is back in the queue.
    """


def leaves(base: type[TrackingError] = TrackingError) -> list[type[TrackingError]]:
    """Return the classes below `base` that have no subclass: the ones that are raised."""
    below = base.__subclasses__()
    return [leaf for sub in below for leaf in leaves(sub)] if below else [base]
