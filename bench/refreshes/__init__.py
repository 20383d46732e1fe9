"""`python -m bench.refreshes`: what the refreshes of many accounts take, cost, and whether the limits allow them.

    counted.py      one refresh of each mode, run on Firestore's emulator with everything billed counted
    load.py         what many of them take in a month, and the limits
    simulation.py   the refresh tick itself, stepped over days in memory

docs/scale.md says what follows from the numbers.
"""
