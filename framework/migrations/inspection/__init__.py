"""Reads a database that exists into the plain values that migrations lead to."""
