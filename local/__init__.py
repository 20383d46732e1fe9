"""The whole pipeline on one machine: set-up, the local stack, one function on one event."""
