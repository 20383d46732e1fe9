"""MailFunction: sends what waits in windows. UnsubscribeFunction and FeedbackFunction: who wants no more mail."""
