"""NotifyFunction: hands events on from the outbox, to windows of mail, too, and sends webhooks."""
