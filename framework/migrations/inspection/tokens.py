"""SQL as tokens: enough to take a definition apart, whatever quotes, comments and brackets it has."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Token", "brackets", "identifier", "split", "tokens", "words"]

PATTERN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<string>[eE]?'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
    |(?P<word>\w+)
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word, name, string or sign, and where it stands."""

    text: str
    kind: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The keyword it may be; empty for names in quotes, strings and signs."""
        return self.text.upper() if self.kind == "word" else ""


def tokens(sql: str) -> list[Token]:
    """Return the tokens of a piece of SQL without space and comments."""
    found = (Token(match[0], match.lastgroup or "", *match.span()) for match in PATTERN.finditer(sql))
    return [token for token in found if token.kind != "space"]


def identifier(text: str) -> str:
    """Return a name without its quotes."""
    if text[:1] in ('"', "`", "'") and text[-1:] == text[:1]:
        return text[1:-1].replace(text[0] * 2, text[0])
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def brackets(items: Sequence[Token], start: int) -> int:
    """Return the place of the bracket that closes the one at `start`."""
    depth = 0
    for place in range(start, len(items)):
        depth += {"(": 1, ")": -1}.get(items[place].text, 0)
        if not depth:
            return place
    return len(items) - 1


def split(items: Iterable[Token]) -> Iterator[list[Token]]:
    """Yield what stands between commas that are in no brackets."""
    part: list[Token] = []
    depth = 0
    for token in items:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == "," and not depth:
            yield part
            part = []
        else:
            part.append(token)
    if part:
        yield part


def words(items: Sequence[Token], place: int, *wanted: str) -> bool:
    """Tell whether these keywords stand at a place."""
    return tuple(token.word for token in items[place : place + len(wanted)]) == wanted
