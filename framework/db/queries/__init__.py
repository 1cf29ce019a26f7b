"""Asking for rows: repositories, filters and pages."""
