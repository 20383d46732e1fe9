"""ProcessFunction: one module per state of statemachine/tracking.asl.json, with the state's name."""
