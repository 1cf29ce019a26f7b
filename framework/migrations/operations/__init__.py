"""Operations that Alembic lacks, the `op` that offers them, and what operations are about and do, in words."""
