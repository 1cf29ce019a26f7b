"""Create model Group.
Create model Permission.
Create model GroupPermission.
Create model ActionToken.
Create model ApiKey.
Create model Login.
Create model SecurityEvent.
Create model UserGroup.
Create model UserPermission.
Create model RefreshToken.
"""

import sqlalchemy as sa
from alembic import op

revision = "auth.0001_initial"
down_revision = None
depends_on = ("users.__first__",)  # whatever it is called: the project may have users of its own


def upgrade() -> None:
    op.create_table(
        "auth_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_auth_group"),
        sa.UniqueConstraint("name", name="uq_auth_group_name"),
    )
    op.create_table(
        "auth_permission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_auth_permission"),
        sa.UniqueConstraint("name", name="uq_auth_permission_name"),
    )
    op.create_table(
        "auth_group_permission",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("permission_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "permission_id", name="pk_auth_group_permission"),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["auth_group.id"],
            name="fk_auth_group_permission_group_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["permission_id"],
            ["auth_permission.id"],
            name="fk_auth_group_permission_permission_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_auth_group_permission_permission_id",
        "auth_group_permission",
        ["permission_id"],
    )
    op.create_table(
        "auth_action_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_auth_action_token"),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users_user.id"],
            name="fk_auth_action_token_user_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("hash", name="uq_auth_action_token_hash"),
    )
    op.create_index("ix_auth_action_token_email", "auth_action_token", ["email"])
    op.create_index("ix_auth_action_token_expires_at", "auth_action_token", ["expires_at"])
    op.create_index("ix_auth_action_token_user_id", "auth_action_token", ["user_id"])
    op.create_table(
        "auth_api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_auth_api_key"),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users_user.id"],
            name="fk_auth_api_key_user_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("prefix", name="uq_auth_api_key_prefix"),
    )
    op.create_index("ix_auth_api_key_user_id", "auth_api_key", ["user_id"])
    op.create_table(
        "auth_login",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=True),
        sa.Column("scope", sa.String(length=1000), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_agent", sa.String(length=400), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_auth_login"),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users_user.id"],
            name="fk_auth_login_user_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("secret_hash", name="uq_auth_login_secret_hash"),
    )
    op.create_index("ix_auth_login_expires_at", "auth_login", ["expires_at"])
    op.create_index("ix_auth_login_user_id", "auth_login", ["user_id"])
    op.create_table(
        "auth_security_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("login", sa.String(length=254), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=400), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_auth_security_event"),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users_user.id"],
            name="fk_auth_security_event_user_id",
            ondelete="SET NULL",
        ),
    )
    op.create_index("ix_auth_security_event_at", "auth_security_event", ["at"])
    op.create_index("ix_auth_security_event_kind", "auth_security_event", ["kind"])
    op.create_index("ix_auth_security_event_user_id", "auth_security_event", ["user_id"])
    op.create_table(
        "auth_user_group",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "group_id", name="pk_auth_user_group"),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["auth_group.id"],
            name="fk_auth_user_group_group_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users_user.id"],
            name="fk_auth_user_group_user_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_auth_user_group_group_id", "auth_user_group", ["group_id"])
    op.create_table(
        "auth_user_permission",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("permission_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "permission_id", name="pk_auth_user_permission"),
        sa.ForeignKeyConstraint(
            ["permission_id"],
            ["auth_permission.id"],
            name="fk_auth_user_permission_permission_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users_user.id"],
            name="fk_auth_user_permission_user_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_auth_user_permission_permission_id",
        "auth_user_permission",
        ["permission_id"],
    )
    op.create_table(
        "auth_refresh_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_auth_refresh_token"),
        sa.ForeignKeyConstraint(
            ["login_id"],
            ["auth_login.id"],
            name="fk_auth_refresh_token_login_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("hash", name="uq_auth_refresh_token_hash"),
    )
    op.create_index("ix_auth_refresh_token_login_id", "auth_refresh_token", ["login_id"])


def downgrade() -> None:
    op.drop_table("auth_refresh_token")
    op.drop_table("auth_user_permission")
    op.drop_table("auth_user_group")
    op.drop_table("auth_security_event")
    op.drop_table("auth_login")
    op.drop_table("auth_api_key")
    op.drop_table("auth_action_token")
    op.drop_table("auth_group_permission")
    op.drop_table("auth_permission")
    op.drop_table("auth_group")
