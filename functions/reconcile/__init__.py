"""ReconcileFunction: marks a job as failed when its execution ended without updating it."""
