"""`python -m bench.scale`: which quota binds first at how many jobs a day, and what a day costs.

    quotas.json     each quota and list price, with its source and how it was read
    load.py         what one job takes, and the arithmetic
    simulation.py   the scheduler itself, stepped over many jobs in memory

docs/scale.md says what follows from the numbers.
"""
