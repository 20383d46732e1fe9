"""Fault injection and soak: the real functions and the real state machine, with processes killed and replies lost.

    python -m tests.chaos [WORDS]          all points of a job's life, or those with one of the words in their name
    python -m tests.chaos.soak [JOBS]      many jobs of all kinds, doubled ticks, killed workers

The product has no code for these tests. They make the deployed functions run the handlers of `tests.chaos.functions`.
Such a handler wraps the adapters that `tracking.wiring` built, so that every call passes a `Plan`. Then it calls the
product's own handler.
"""
