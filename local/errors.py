"""What can go wrong on a developer's machine, as a sentence that says how to mend it."""


class LocalError(Exception):
    """The message is all that the developer is shown: what is wrong and how to fix it."""
