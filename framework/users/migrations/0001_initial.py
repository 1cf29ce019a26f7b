"""Create model User."""

import sqlalchemy as sa
from alembic import op

revision = "users.0001_initial"
down_revision = None
branch_labels = "users.__first__"


def upgrade() -> None:
    op.create_table(
        "users_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("username", sa.String(length=150), nullable=True),
        sa.Column("full_name", sa.String(length=100), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("is_superuser", sa.Boolean(), nullable=False),
        sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users_user"),
        sa.UniqueConstraint("email", name="uq_users_user_email"),
        sa.UniqueConstraint("username", name="uq_users_user_username"),
    )


def downgrade() -> None:
    op.drop_table("users_user")
