"""`python -m local.simulator --host 127.0.0.1 --port 8100`"""

from __future__ import annotations

import argparse
import signal
import sys

from local.simulator import running

_ENDINGS = {signal.SIGINT, signal.SIGTERM}


def _print_line(line: str) -> None:
    print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.simulator", description="Answers as the platforms do.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one and prints it")
    parser.add_argument("--apify-run-seconds", type=float, default=1.0, help="how long a simulated run takes")
    options = parser.parse_args()
    # Blocked here, before any thread exists, so that the wait below alone receives them.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    try:
        with running(
            options.port, host=options.host, apify_run_seconds=options.apify_run_seconds, log=_print_line
        ) as simulator:
            _print_line(f"Platform simulator on {simulator.url} (what it knows: GET /)")
            signal.sigwait(_ENDINGS)
    except OSError as error:
        sentence = f"Cannot listen on {options.host}:{options.port}: {error.strerror}. Choose another --port."
        print(sentence, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
