"""The migrations that a project lacks: those its models call for, and those that bring two ends together."""
