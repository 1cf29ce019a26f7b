"""The safety gate: what a migration would do to those who use the database while it runs, and the safe way."""
