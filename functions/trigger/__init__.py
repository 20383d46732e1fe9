"""TriggerFunction: claims pending jobs and starts an execution for each. KickFunction: runs TriggerFunction at once."""
