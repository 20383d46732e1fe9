"""`python -m local.news --port 8025 --ses http://127.0.0.1:4566`"""

from __future__ import annotations

import argparse

from local.news.server import NewsServer, listening, passing_on, press

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m local.news", description="Receives webhooks and mail.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ses", required=True, help="the address of the AWS stand-in, which has Amazon SES")
    options = parser.parse_args()
    listening(NewsServer(passing_on(options.ses), press), options.port).serve_forever()
