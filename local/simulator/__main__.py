"""`python -m local.simulator --port 8100`"""

from __future__ import annotations

import argparse
import functools
import signal
import sys

from local.simulator import running

_ENDINGS = {signal.SIGINT, signal.SIGTERM}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.simulator", description="Answers as the platforms do.")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one and prints it")
    options = parser.parse_args()
    say = functools.partial(print, flush=True)
    # The signals are blocked before any thread exists, so that only `sigwait` below receives them.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    try:
        with running(options.port, log=say) as simulator:
            say(f"Platform simulator on {simulator.url} (GET / tells what it knows)")
            signal.sigwait(_ENDINGS)
    except OSError as error:
        sentence = f"Cannot listen on 127.0.0.1:{options.port}: {error.strerror}. Choose another --port."
        print(sentence, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
