"""The settings of a project: one class, whose fields are typed values and the sections of its apps."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from framework._modules import where
from framework.conf.assembly import clashes, sources_of, strangers, take_sections, value_of
from framework.conf.code import caller
from framework.conf.errors import BadValue, bad_values, invalid
from framework.conf.explain import Setting, rows
from framework.conf.fields import MISSING, default_of
from framework.conf.origins import Origins
from framework.conf.reading import Found, Reading, UnknownVariable
from framework.conf.redaction import redacted
from framework.conf.root import project_root
from framework.conf.secret_key import GeneratedKey, weakness
from framework.conf.section import Section, prefix_of, section_of
from framework.conf.source import Source
from framework.conf.undeclared import bad_sections, read_section
from framework.errors import ImproperlyConfigured

__all__ = ["Settings"]

AS_CONFIGURED: Any = object()
"""The file or folder that the class's `model_config` names."""
SECRET_KEY_FILE = ".secret_key"  # noqa: S105 - the name of a file
MAKE_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(50))"'


class Settings(BaseSettings):
    """Base of a project's settings.

    A value comes from the first that has one: a keyword in code, the environment, `.env`, the secrets folder, a TOML
    file (`model_config = SettingsConfigDict(toml_file="settings.toml")`), the class. Files are found from `root`.

    Tests make settings that only their own keywords change: `ProjectSettings(_environ={}, _env_file=None,
    _secrets_dir=None)`; `_root` moves the project's folder. A section may be a keyword by its prefix, whether the class
    declares it or not; it is taken whole.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_file=".env",
        secrets_dir="/run/secrets",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
        validate_by_name=True,
        validate_by_alias=True,
        # No `use_attribute_docstrings`: pydantic reads the source of every class for it, a fifth of `manage.py --help`.
        hide_input_in_errors=True,
    )

    debug: bool = False
    """Show errors in full to whoever asks. Never on in production."""
    secret_key: SecretStr = SecretStr("")
    """Signs tokens and cookies. At least 32 random bytes; made up in debug when left out."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names the project answers to; `*.example.com` matches subdomains."""
    installed_apps: tuple[str, ...] = ()
    """The apps of the project, in the order they start."""
    services: dict[str, str] = {}
    """Services replaced for this project: `{"audit.services:Auditor": "blog.services:QuietAuditor"}`."""

    silenced_checks: tuple[str, ...] = ()
    """Codes of warnings that `check` counts and does not print. Errors cannot be silenced."""

    _root: Path = PrivateAttr()
    _reading: Reading = PrivateAttr()
    _sections: dict[str, Section] = PrivateAttr()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for name in cls.model_fields:
            # Django's capitals would make a second setting, which nothing reads and which has the same variable.
            if name != name.lower() and name.lower() in cls.model_fields:
                raise ImproperlyConfigured(
                    f"{where(cls)}: {cls.__name__} has a setting {name!r} beside {name.lower()!r}.",
                    hint=f"Write it in small letters: {name.lower()}",
                    code="conf.settings",
                )

    def __init__(
        self,
        *,
        _root: Path | str | None = None,
        _environ: Mapping[str, str] | None = None,
        _env_file: Any = AS_CONFIGURED,
        _secrets_dir: Any = AS_CONFIGURED,
        **values: Any,
    ) -> None:
        cls = type(self)
        root = Path(_root) if _root else project_root(cls)
        sections = take_sections(cls, values)
        env_file = cls.model_config.get("env_file") if _env_file is AS_CONFIGURED else _env_file
        secrets_dir = cls.model_config.get("secrets_dir") if _secrets_dir is AS_CONFIGURED else _secrets_dir
        environ = os.environ if _environ is None else _environ
        reading = Reading(sources_of(cls, values, root, environ, env_file, secrets_dir), caller())
        data = {name: value_of(reading, name, field) for name, field in cls.model_fields.items()}
        unknown = strangers(cls, values)
        problems = clashes(reading)
        try:
            BaseModel.__init__(self, **{name: value for name, value in data.items() if value is not MISSING}, **unknown)
        except ValidationError as error:
            reading.found |= {name: Found(value, {(): reading.keyword}) for name, value in unknown.items()}
            problems += bad_values(error, cls, (), Origins(cls, reading))
        if problems:
            apps = data["installed_apps"]
            problems += bad_sections(cls, reading, default_of(cls, "installed_apps") if apps is MISSING else apps)
            raise invalid(problems) from None
        for prefix, section in sections.items():
            reading.found[prefix] = Found(section, {(name,): reading.keyword for name in section.model_fields_set})
        self._root, self._reading, self._sections = root, reading, sections
        if self.debug and not self.secret_key.get_secret_value():
            key = GeneratedKey(root / SECRET_KEY_FILE)
            object.__setattr__(self, "secret_key", key)  # the model is frozen for everybody else
            reading.found["secret_key"] = Found(key, {(): Source("generated", "a random key", root / SECRET_KEY_FILE)})

    @property
    def root(self) -> Path:
        """The project's folder: the one that holds the top-level package of the settings class."""
        return self._root

    def section[S: Section](self, type_: type[S]) -> S:
        """Return the section of `type_`: the one the project declares, else one read from the variables of its prefix.

        Raises `ImproperlyConfigured` when a value is bad, when another section has its prefix, and when the project
        declares several of the type and none under its prefix.
        """
        declared = self._declared(type_)
        if declared is not None:
            return declared
        for section in self._sections.values():
            if isinstance(section, type_):
                return section
        self.load_sections([type_])
        return self.section(type_)

    def load_sections(self, types: Iterable[type[Section]]) -> None:
        """Read the sections of the installed apps, so that every bad value in them is named now and in one message."""
        problems: list[BadValue] = []
        for type_ in types:
            if self._declared(type_) is None and not any(isinstance(known, type_) for known in self._sections.values()):
                problems += self._read(type_, self._free_prefix(type_))
        if problems:
            raise invalid(problems)

    def source(self, name: str) -> Source:
        """Return where the value of a setting (`"debug"`, `"cache.ttl"`) came from."""
        return self._origins().source(tuple(name.split(".")))

    def explain(self) -> Iterator[Setting]:
        """Yield every effective setting, its value for people and where it came from, as far as sections are read."""
        source = self._origins().source
        for name in type(self).model_fields:
            yield from rows((name,), getattr(self, name), source)
        for prefix, section in self._sections.items():
            yield from rows((prefix,), section, source)

    def unknown_variables(self) -> list[UnknownVariable]:
        """Return the variables that have a section's prefix and that nothing reads, as far as sections are read."""
        return list(self._reading.unknown())

    def require_secret_key(self) -> str:
        """Return the secret key, or refuse one that is missing, short or a template's. In debug any key will do."""
        key = self.secret_key.get_secret_value()
        problem = None if self.debug else weakness(key)
        if problem is None:
            return key
        origin = f" ({self.source('secret_key')})" if key else ""
        raise ImproperlyConfigured(
            f"secret_key {problem}{origin}; wanted at least 32 random bytes outside debug.",
            hint=f"Set SECRET_KEY in the environment or in {self.root / '.env'}. A fresh one: {MAKE_KEY}",
            code="security.secret-key",
        )

    def _declared[S: Section](self, type_: type[S]) -> S | None:
        values = {name: getattr(self, name) for name in type(self).model_fields}
        found = {name: value for name, value in values.items() if isinstance(value, type_)}
        if len(found) > 1:
            prefix = prefix_of(type_)
            if prefix not in found:
                raise ImproperlyConfigured(
                    f"{type(self).__name__} has {len(found)} sections of {type_.__name__}: {', '.join(found)}.",
                    hint=f"Name the one that the app means {prefix!r}.",
                    code="conf.prefix",
                )
            return found[prefix]
        return next(iter(found.values()), None)

    def _free_prefix(self, type_: type[Section]) -> str:
        prefix = prefix_of(type_)
        other = type(self._sections[prefix]) if prefix in self._sections else None
        if prefix in type(self).model_fields:
            other = section_of(type(self).model_fields[prefix]) or type(self)
        if other is not None:
            raise ImproperlyConfigured(
                f"Two sections have the prefix {prefix!r}: {full_name(other)} and {full_name(type_)}.",
                hint=f"Give one of them another: `prefix: ClassVar[str] = ...` in {type_.__name__}, "
                "or another field name in the project's settings.",
                code="conf.prefix",
            )
        return prefix

    def _read(self, type_: type[Section], prefix: str) -> list[BadValue]:
        section, problems = read_section(type(self), self._reading, type_, prefix)
        if section is not None:
            self._sections[prefix] = section
        return problems

    def _origins(self) -> Origins:
        sections = {prefix: type(section) for prefix, section in self._sections.items()}
        return Origins(type(self), self._reading, sections)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [(name, redacted(name, getattr(self, name, None))) for name in type(self).model_fields]


def full_name(type_: type) -> str:
    """Return the name of a class with its module."""
    return f"{type_.__module__}.{type_.__qualname__}"
