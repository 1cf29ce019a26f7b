"""How values, SQL and types are written in Python: two things that are written the same are the same."""
