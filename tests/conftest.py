"""Shared by every test. The fixtures come from the framework's own pytest plugin."""
