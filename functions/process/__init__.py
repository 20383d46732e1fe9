"""ProcessFunction: one module per state of statemachine/tracking.asl.json, named after it."""
