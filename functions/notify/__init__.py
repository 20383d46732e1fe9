"""NotifyFunction: hands events on from the outbox, and sends webhooks."""
