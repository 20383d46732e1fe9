"""`python -m local up`: the local stack without the rest of the command line."""

from local.cli import app

app()
