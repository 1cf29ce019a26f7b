"""Operations at work on a database: what SQLite and PostgreSQL need for them, and their SQL."""
