"""CleanupFunction: deletes finished jobs when they are old, and thins the history."""
