"""Remembers every change that came over HTTP."""
