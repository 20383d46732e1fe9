"""The whole pipeline on one machine: its set-up, and the local stack."""


class LocalError(Exception):
    """A problem on a developer's machine. Only the message is shown: it says what is wrong and how to fix it."""
