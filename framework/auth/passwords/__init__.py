"""Passwords: how they are hashed, and which are good enough. Plain functions of text, run in threads by `Passwords`."""

from framework.auth.passwords.hasher import Hasher
from framework.auth.passwords.validator import PasswordValidator

__all__ = ["Hasher", "PasswordValidator"]
