"""Account tracking: the package that both Lambda functions and the command line share."""
