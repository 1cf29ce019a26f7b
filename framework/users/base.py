"""What every user has. No table: the ready `User` and a project's own are made of it."""

from datetime import UTC, datetime

from framework.db import Field, Model

__all__ = ["UserBase"]


def now() -> datetime:
    return datetime.now(UTC)


class UserBase(Model):
    """A person or a machine that can log in.

    A project's own user is `class User(UserBase, table=True)` with more fields, in an app labelled `users`. The key is
    a number, and the table is called `users_user`: other apps refer to `"users.User.id"`.
    """

    id: int = Field(default=None, primary_key=True)
    email: str = Field(max_length=254, unique=True)
    """As `Users` normalises it: in NFKC and lower case."""
    username: str | None = Field(default=None, max_length=150, unique=True)
    """In NFKC; only for projects that let people log in by it."""
    full_name: str = Field(default="", max_length=100)
    password: str = Field(default="", max_length=255, exclude=True, repr=False)
    """The encoded hash, which no dump of the row shows; what is no hash lets nobody in."""
    is_active: bool = True
    """Who is not active cannot log in; what is theirs stays."""
    is_staff: bool = False
    """Whether the user may see the back office. It permits nothing there."""
    is_superuser: bool = False
    """Whether the user may do everything, whatever the permissions say."""
    email_verified_at: datetime | None = None
    """When the user proved to read mail sent to `email`."""
    last_login_at: datetime | None = None
    password_changed_at: datetime | None = None
    created_at: datetime = Field(default_factory=now)

    def __str__(self) -> str:
        return self.username or self.email
