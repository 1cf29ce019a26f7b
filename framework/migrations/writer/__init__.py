"""Writes revision files out of operations."""
