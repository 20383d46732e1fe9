class BenchError(Exception):
    """Something did not go as it has to before its figures mean anything. The message says what."""
