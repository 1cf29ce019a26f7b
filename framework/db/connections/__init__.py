"""Connections: engines and pools, and what a database says when it refuses."""
