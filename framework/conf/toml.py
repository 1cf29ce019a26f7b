"""Settings from TOML files."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings

from framework.conf.fields import MISSING, leaves, merge
from framework.conf.layers import Layer, Path_, Piece, Target, unreadable
from framework.conf.source import Source

__all__ = ["TomlLayer"]


class TomlLayer(Layer):
    """Tables in TOML files, one for each section; of two files the later wins."""

    def __init__(self, settings_cls: type[BaseSettings], files: Iterable[Path]) -> None:
        super().__init__(settings_cls)
        header: tuple[str, ...] = self.config.get("toml_table_header") or ()
        self._tables: list[tuple[Path, dict[str, Any]]] = []
        for file in files:
            data = read_toml(file)
            for key in header:
                data = data.get(key, {})
            self._tables.append((file, data))
        self._header = header

    def read(self, target: Target) -> Piece:
        """Return what the files say of `target`."""
        piece = Piece()
        for file, table in self._tables:
            value = table.get(target.name, MISSING)
            if value is MISSING:
                continue
            for leaf in leaves(value):
                piece.origins[leaf] = self._source(file, (target.name, *leaf))
            piece.value = merge(piece.value, value)
        return piece

    def unknown(self, names: Iterable[str]) -> Iterator[Source]:
        """Yield where the files hold a table or key of none of these names."""
        known = set(names)
        for file, table in self._tables:
            yield from (self._source(file, (name,)) for name in table if name not in known)

    def _source(self, file: Path, path: Path_) -> Source:
        return Source("toml", ".".join(path), file, toml_line(file, (*self._header, *path)))


def read_toml(file: Path) -> dict[str, Any]:
    """Return what a file holds, nothing when it is not there."""
    import tomllib

    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise unreadable(file, error) from None


def toml_line(file: Path, path: Path_) -> int | None:
    """Return the line that sets `path`, or the nearest table above it: tomllib doesn't keep lines."""
    table: Path_ = ()
    best: tuple[int, int] | None = None
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if header := re.match(r"\s*\[\[?([^\]]+)\]", line):
            table = here = dotted(header[1])
        elif key := re.match(r"\s*([\w.\"'-]+(?:\s*\.\s*[\w\"'-]+)*)\s*=", line):
            here = (*table, *dotted(key[1]))
        else:
            continue
        if path[: len(here)] == here and (best is None or len(here) > best[0]):
            best = len(here), number
    return best[1] if best else None


def dotted(text: str) -> Path_:
    """Return the parts of a dotted TOML key."""
    return tuple(part.strip().strip("\"'") for part in text.split("."))
