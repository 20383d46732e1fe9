"""The whole pipeline on one machine: set-up, the local stack, one function on one event."""


class LocalError(Exception):
    """A problem on a developer's machine. The message is all that is shown: what is wrong and how to mend it."""
