"""Applies migrations to a database and takes them back."""
