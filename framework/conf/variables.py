"""Settings from variables: the environment, `.env` files, a folder of secrets."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from pydantic_settings import BaseSettings

from framework.conf.fields import MISSING, decode, leaves, merge
from framework.conf.layers import Layer, Path_, Piece, Target, unreadable
from framework.conf.source import Source

__all__ = ["DotenvLayer", "EnvironmentLayer", "SecretsLayer", "Variable", "VariableLayer"]


@dataclass(frozen=True, slots=True)
class Variable:
    """A name with a text, wherever it is kept."""

    name: str
    source: Source
    content: str | Path = field(repr=False)
    """The text, or the file that holds it and is read when somebody wants it."""

    def text(self) -> str:
        """Return the text; a file's without the space around it."""
        if isinstance(self.content, str):
            return self.content
        try:
            return self.content.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise unreadable(self.content, error) from None


class VariableLayer(Layer):
    """A source of variables: `NAME`, or `SECTION__NAME` for what stands deeper."""

    def __init__(self, settings_cls: type[BaseSettings], variables: Iterable[Variable]) -> None:
        super().__init__(settings_cls)
        prefix = (self.config.get("env_prefix") or "").lower()
        delimiter = self.config.get("env_nested_delimiter") or "__"
        self._by_head: dict[str, list[tuple[Path_, Variable]]] = {}
        for variable in variables:
            name = variable.name.lower()
            if name.startswith(prefix):
                parts = tuple(name.removeprefix(prefix).split(delimiter))
                self._by_head.setdefault(parts[0], []).append((parts, variable))

    def read(self, target: Target) -> Piece:
        """Return what the variables say of `target`; a variable for one value wins over one with JSON for all."""
        piece = Piece()
        for path, variable in sorted(self._reaching(target), key=lambda found: len(found[0])):
            value = decode(target.annotation_at(path), text := variable.text())
            if value is MISSING:
                continue
            piece.texts.setdefault(path, []).append((variable.source, text))
            for leaf in leaves(value, path):
                piece.origins[leaf] = variable.source
            for key in reversed(path):
                value = {key: value}
            piece.value = merge(piece.value, value)
        return piece

    def _reaching(self, target: Target) -> Iterator[tuple[Path_, Variable]]:
        for head in dict.fromkeys((target.name.lower(), *target.variables)):
            for parts, variable in self._by_head.get(head, ()):
                path = target.path(parts)
                if path is None or (parts[0] in target.variables and not variable.text()):
                    continue  # DATABASE_URL= is how a compose file says that there is none
                if not path and target.is_section and not variable.text().lstrip().startswith("{"):
                    continue  # MAIL and LOG are set on many machines, and mean something else
                yield path, variable

    def unknown(self, target: Target) -> Iterator[tuple[Path_, Variable]]:
        """Yield the variables that start like `target`'s and that nothing reads."""
        for parts, variable in self._by_head.get(target.name.lower(), ()):
            if len(parts) > 1 and target.path(parts) is None:
                yield parts, variable

    def misspelt(self, targets: Iterable[Target]) -> Iterator[tuple[Variable, str]]:
        """Yield the variables that nothing reads and that differ by a letter or so from one that is, with its name."""
        alone: set[str] = set()
        sections: set[str] = set()
        for target in targets:
            alone |= {variable.upper() for variable in target.variables}
            (sections if target.is_section else alone).add(target.name.upper())
        for head, found in self._by_head.items():
            for parts, variable in found if head.upper() not in alone | sections else ():
                close = get_close_matches(head.upper(), sections if len(parts) > 1 else alone, n=1, cutoff=0.8)
                if close and abs(len(close[0]) - len(head)) <= 1:  # TEST_DATABASE_URL is no DATABASE_URL
                    start = variable.name[: -len("__".join(parts))]
                    yield variable, start + "__".join((close[0], *parts[1:])).upper()


class EnvironmentLayer(VariableLayer):
    """The variables of the process."""

    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str]) -> None:
        # Where letters differ only in case, the name in capitals is read last and wins.
        names = sorted(environ, key=str.isupper)
        super().__init__(settings_cls, (Variable(n, Source("environment", n), environ[n]) for n in names))


class DotenvLayer(VariableLayer):
    """The variables in `.env` files; of two files the later wins. A file that is not there says nothing."""

    def __init__(self, settings_cls: type[BaseSettings], files: Iterable[Path], environ: Mapping[str, str]) -> None:
        found: dict[str, Variable] = {}
        known: dict[str, str | None] = dict(environ)
        for file in files:
            for variable in read_dotenv(file, settings_cls.model_config.get("env_file_encoding") or "utf-8", known):
                found[variable.name.lower()] = variable
        super().__init__(settings_cls, found.values())


def read_dotenv(file: Path, encoding: str, known: dict[str, str | None]) -> Iterator[Variable]:
    """Yield the variables of one file, each with its line; `${NAME}` in a value is looked up in `known`.

    Lines that make no sense are somebody else's.
    """
    from dotenv.parser import parse_stream
    from dotenv.variables import parse_variables

    try:
        with file.open(encoding=encoding) as stream:
            bindings = list(parse_stream(stream))
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(file, error) from None
    for binding in bindings:
        if binding.key is not None and binding.value is not None:
            text = "".join(atom.resolve(known) for atom in parse_variables(binding.value))
            known[binding.key] = text
            line = binding.original.line + leading_lines(binding.original.string)
            yield Variable(binding.key, Source("dotenv", binding.key, file, line), text)


def leading_lines(statement: str) -> int:
    """Return how many empty lines the parser counted to the statement below them."""
    return len(re.findall(r"\r\n|\n|\r", statement[: len(statement) - len(statement.lstrip())]))


class SecretsLayer(VariableLayer):
    """Files named like variables, as Docker and Kubernetes mount secrets. A folder that is not there says nothing."""

    def __init__(self, settings_cls: type[BaseSettings], folders: Iterable[Path]) -> None:
        found: dict[str, Variable] = {}
        for folder in folders:
            for file in files_of(folder):
                found[file.name.lower()] = Variable(file.name, Source("secret", file.name, file), file)
        super().__init__(settings_cls, found.values())


def files_of(folder: Path) -> list[Path]:
    """Return the files of a folder that could be variables; none when there is no such folder."""
    try:
        return sorted(path for path in folder.iterdir() if path.name.isidentifier() and path.is_file())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise unreadable(folder, error) from None
