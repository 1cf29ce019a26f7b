"""The names that a template's own are exchanged for: the app's, and the model's in every form it takes."""

import ast
import io
import keyword
import re
import tokenize
from dataclasses import dataclass

from framework.errors import CommandError
from framework.management.scaffold.fields import KINDS
from framework.management.scaffold.files import template_files

__all__ = ["Names", "rename"]


@dataclass(frozen=True, slots=True)
class Names:
    """What the template's `app`, `Item`, `item` and `items` become."""

    app: str
    """The app's package."""
    model: str
    """The model's class: `BlogPost`."""
    label: str = ""
    """The app's label, which paths and tags bear; the last part of the package when left empty."""

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", self.app.rpartition(".")[2])
        if not self.model.isidentifier() or not self.model[0].isupper() or keyword.iskeyword(self.model):
            raise CommandError(
                f"{self.model!r} is not a valid model name. Please make sure the name is a valid class name.",
                hint="Write it in CamelCase, as in 'BlogPost'.",
                code="scaffold.model-name",
            )
        if {self.model, self.plural} & names_in_use() or keyword.iskeyword(self.plural):
            raise CommandError(
                f"{self.model!r} cannot be the name of a model: the files of an app use it, or its plural "
                f"{self.plural!r}, for something else.",
                hint=f"Say more, as in {self.label.capitalize() + self.model!r}.",
                code="scaffold.model-name",
            )

    @property
    def singular(self) -> str:
        """One of them, in identifiers: `blog_post`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.model).lower()

    @property
    def plural(self) -> str:
        """Many of them, in identifiers: `blog_posts`."""
        return pluralize(self.singular)

    @property
    def config(self) -> str:
        """The app's `AppConfig`."""
        return "".join(part.capitalize() for part in self.label.split("_")) + "Config"


def names_in_use() -> set[str]:
    """Return the names that an app's files have for other things: what they import, and their arguments."""
    names = {imported[1] for kind in KINDS.values() for imported in (kind.imported, kind.strict) if imported}
    for _, source in template_files("app"):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("app."):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.arg):
                names.add(node.arg)
    return names - {"items"}


def pluralize(word: str) -> str:
    """Return the English plural of a regular noun."""
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(s|x|z|ch|sh)$", word) else "s")


def rename(source: str, names: Names) -> str:
    """Return the template's `source` with its names exchanged, in code, in paths and in prose."""
    replaced = source.splitlines(keepends=True)
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for token in reversed(tokens):
        if token.type == tokenize.NAME:
            new = _identifier(token.string, names)
        elif token.type == tokenize.STRING:
            new = _prose(token.string, names) if token.string.startswith('"""') else _literal(token.string, names)
        else:
            continue
        if new != token.string:
            _put(replaced, token.start, token.end, new)
    return "".join(replaced)


def _put(lines: list[str], start: tuple[int, int], end: tuple[int, int], text: str) -> None:
    first, last = lines[start[0] - 1], lines[end[0] - 1]
    lines[start[0] - 1 : end[0]] = (first[: start[1]] + text + last[end[1] :]).splitlines(keepends=True)


def _identifier(name: str, names: Names) -> str:
    if name == "app":
        return names.app
    if name == "ItemsConfig":
        return names.config
    if name.startswith("Item") and not name.startswith("Items"):
        return names.model + name.removeprefix("Item")
    if name.startswith("Items"):
        return pluralize(names.model) + name.removeprefix("Items")
    parts = {"item": names.singular, "items": names.plural}
    return "_".join(parts.get(part, part) for part in name.split("_"))


def _literal(text: str, names: Names) -> str:
    if text == '"app"':
        return f'"{names.app}"'
    if "/" in text:
        text = re.sub(r"/app\b", f"/{names.label}", text)
        return re.sub(r"/items\b", f"/{names.plural.replace('_', '-')}", text)
    return text


def _prose(text: str, names: Names) -> str:
    one, many = names.singular.replace("_", " "), names.plural.replace("_", " ")
    article = "an" if one[0] in "aeiou" else "a"
    text = re.sub(r"\b([Aa])n item\b", lambda found: f"{found[1]}{article[1:]} {one}", text)
    text = re.sub(r"\bitems\b", many, text)
    text = re.sub(r"\bItems\b", many.capitalize(), text)
    return re.sub(r"\bitem\b", one, text)
