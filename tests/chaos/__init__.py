"""Fault injection and soak: the real functions and the real state machine, with processes killed and replies lost.

    python -m tests.chaos [WORDS]          every point of a job's life, or those whose name has one of the words
    python -m tests.chaos.soak [JOBS]      many jobs of mixed fates, doubled ticks, killed workers

Nothing in the product knows of it. The deployed functions are pointed at the handlers of `tests.chaos.functions`, which
put the adapters that `tracking.wiring` built behind a `Plan` and call the product's own handlers.
"""
