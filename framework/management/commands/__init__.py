"""The framework's own commands: one file a command, in the form of an app's `commands.py`."""
