"""The tables that migrations lead to, found by replaying their files without a database."""
