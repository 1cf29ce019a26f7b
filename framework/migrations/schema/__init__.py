"""Tables, columns and constraints as plain values: read from SQLAlchemy, built again, compared without a database."""
