"""Work on rows in a migration, a list of them at a time."""
