"""TriggerFunction: claims pending jobs and starts an execution for each. KickFunction: wakes TriggerFunction."""
