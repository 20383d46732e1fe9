"""`python -m cli`: the command line without the installed script, as the Makefile runs it."""

from cli import main

main()
