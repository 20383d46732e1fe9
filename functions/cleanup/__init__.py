"""CleanupFunction: deletes finished jobs when they are old."""
