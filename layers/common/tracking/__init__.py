"""Account tracking: the package that the Lambda functions and the command line share."""
