"""CleanupFunction: deletes old finished jobs and what lies below removed accounts, and thins the history."""
