"""Models: how classes become tables, and how one reaches another."""
