"""ReconcileFunction: when an execution ends without a word, its job's document says so at once."""
