"""Writes models for tables that exist."""
