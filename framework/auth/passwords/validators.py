"""The validators that projects have by default, which are Django's four."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from framework.auth.passwords.common import common_passwords
from framework.auth.passwords.validator import PasswordValidator
from framework.users import UserBase

__all__ = ["CommonValidator", "LengthValidator", "NumericValidator", "SimilarityValidator"]


class SimilarityValidator(PasswordValidator):
    """Refuses what can be guessed from the user's own data."""

    def __init__(
        self, fields: tuple[str, ...] = ("email", "username", "full_name"), max_similarity: float = 0.7
    ) -> None:
        if not 0.1 <= max_similarity <= 1:
            raise ValueError(f"max_similarity is {max_similarity}; wanted 0.1 to 1")
        self.fields = fields
        self.max_similarity = max_similarity

    @property
    def help(self) -> str:
        """What people are told before."""
        return "It can't be too similar to your other personal information."

    def problem(self, password: str, user: UserBase | None) -> str | None:
        """Say which field the password resembles."""
        typed = password.lower()
        for field in self.fields:
            value = getattr(user, field, None)
            if isinstance(value, str) and any(self.resembles(typed, part) for part in parts(value.lower())):
                return f"The password is too similar to the {field.replace('_', ' ')}. Choose one without it."
        return None

    def resembles(self, typed: str, part: str) -> bool:
        """Tell whether two texts have much in common. Much longer ones cannot, and would take long to compare."""
        if len(typed) >= 10 * len(part) and len(part) / len(typed) < self.max_similarity:
            return False
        return SequenceMatcher(a=typed, b=part).quick_ratio() >= self.max_similarity


def parts(value: str) -> Iterator[str]:
    """Yield the words of a value that are long enough to mean something, and the whole."""
    for part in (*re.split(r"\W+", value), value):
        if len(part) > 2:
            yield part


class LengthValidator(PasswordValidator):
    """Refuses short ones."""

    def __init__(self, minimum: int = 8) -> None:
        self.minimum = minimum

    @property
    def help(self) -> str:
        """What people are told before."""
        return f"It must contain at least {self.characters}."

    @property
    def characters(self) -> str:
        """The minimum, in words."""
        return f"{self.minimum} character{'' if self.minimum == 1 else 's'}"

    def problem(self, password: str, user: UserBase | None) -> str | None:
        """Say how long it must be."""
        if len(password) >= self.minimum:
            return None
        return f"This password is too short. It must contain at least {self.characters}."


class CommonValidator(PasswordValidator):
    """Refuses those that many people use, with a few digits or signs added too."""

    def __init__(self, added: int = 4) -> None:
        self.added = added

    @property
    def help(self) -> str:
        """What people are told before."""
        return "It can't be a commonly used password."

    def problem(self, password: str, user: UserBase | None) -> str | None:
        """Say that it is common."""
        typed = password.lower().strip()
        common = common_passwords()
        if typed in common:
            return "This password is too common. Choose one that nobody else would think of."
        word = re.sub(r"[\W\d_]+$", "", typed)
        if len(word) > 3 and len(typed) - len(word) <= self.added and word in common:
            return "This password is a common one with a few characters added. Choose one of several words instead."
        return None


class NumericValidator(PasswordValidator):
    """Refuses those of digits alone."""

    @property
    def help(self) -> str:
        """What people are told before."""
        return "It can't be entirely numeric."

    def problem(self, password: str, user: UserBase | None) -> str | None:
        """Say that it is a number."""
        return "This password is entirely numeric. Add letters to it." if password.isdigit() else None
