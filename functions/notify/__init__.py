"""NotifyFunction: hands the events of the outbox on, to webhooks and to windows of mail."""
