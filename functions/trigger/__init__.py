"""TriggerFunction: claims pending jobs and starts one execution for each. KickFunction: runs it at once."""
