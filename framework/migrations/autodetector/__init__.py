"""Finds what the migrations lack: compares states, asks where it cannot know, and arranges the changes."""
