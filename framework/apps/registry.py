"""The installed apps of one project, in order."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from types import ModuleType

from framework._modules import own_traceback
from framework.apps.circles import circle
from framework.apps.config import AppConfig
from framework.apps.discovery import load_app, plugins
from framework.apps.entries import Entry, entries
from framework.apps.suggestions import package_of
from framework.conf import Settings
from framework.errors import AppNotFound, FrameworkError, ImproperlyConfigured


class Apps:
    """The installed apps of one project, in order."""

    def __init__(self, installed: Sequence[str], settings: Settings | None = None) -> None:
        """Load the apps that `installed` names; `settings` is whose entries they are, to point at when one is wrong."""
        self._by_label: dict[str, AppConfig] = {}
        self._entries: dict[str, Entry] = {}
        self._plugins = plugins() if installed else ()
        for entry in entries(installed, settings):
            try:
                app = load_app(entry, self._plugins)
            except Exception as error:
                raise _explained(error, entry)  # noqa: B904 — the same error
            self._add(app, entry)
        self._check_requirements()

    def __iter__(self) -> Iterator[AppConfig]:
        return iter(self._by_label.values())

    def __getitem__(self, label: str) -> AppConfig:
        """Return the app with that label. Raises `AppNotFound`, with the nearest label, when it is not installed."""
        try:
            return self._by_label[label]
        except KeyError:
            raise self._unknown(label) from None

    def __contains__(self, label: object) -> bool:
        return label in self._by_label

    def __len__(self) -> int:
        return len(self._by_label)

    def modules(self, name: str) -> Iterator[tuple[AppConfig, ModuleType]]:
        """Yield the module called `name` of every app that has one, in order."""
        for app in self:
            try:
                module = app.module(name)
            except Exception as error:
                if (found := circle(error, list(self))) is not None:
                    raise found from error
                raise _explained(error, self._entries[app.app_label])  # noqa: B904 — the same error
            if module is not None:
                yield app, module

    def _add(self, app: AppConfig, entry: Entry) -> None:
        label = app.app_label
        if (before := self._entries.get(label)) is not None:
            same = before.text == entry.text or type(self._by_label[label]) is type(app)
            raise ImproperlyConfigured(
                f"Two apps have the label {label!r}: {before} and {entry}.",
                hint="Remove one of the two entries."
                if same
                else f'Write label = "{app.name.replace(".", "_")}" in {type(app).__name__} of {app.path / "apps.py"}.',
                code="apps.label-taken",
            )
        self._by_label[label] = app
        self._entries[label] = entry

    def _check_requirements(self) -> None:
        order = list(self._by_label)
        for label, app in self._by_label.items():
            for required in app.requires:
                if required not in self._by_label:
                    raise self._missing_requirement(app, required)
                if order.index(required) >= order.index(label):
                    raise self._late_requirement(app, self._by_label[required])

    def _missing_requirement(self, app: AppConfig, required: str) -> ImproperlyConfigured:
        entry = self._entries[app.app_label]
        package = package_of(required, [point.name for point in self._plugins])
        near = get_close_matches(required, self._by_label, n=1)
        if package:
            hint = f"Add {package!r} above {entry}."
        elif near:
            hint = f"Did you mean {near[0]!r}? Correct requires in {app.path / 'apps.py'}."
        else:
            hint = f"Install the package that brings {required!r}, and add it above {entry}."
        return ImproperlyConfigured(
            f"App {app.app_label!r} requires {required!r}, which is not installed.", hint=hint, code="apps.requires"
        )

    def _late_requirement(self, app: AppConfig, required: AppConfig) -> ImproperlyConfigured:
        own, other = self._entries[app.app_label], self._entries[required.app_label]
        if app is required:
            return ImproperlyConfigured(
                f"App {app.app_label!r} requires itself.",
                hint=f"Take it out of requires in {app.path / 'apps.py'}.",
                code="apps.order",
            )
        if app.app_label in required.requires:
            return ImproperlyConfigured(
                f"Apps {app.app_label!r} and {required.app_label!r} require each other; neither can come first.",
                hint=f"Take one out of requires in {app.path / 'apps.py'} or {required.path / 'apps.py'}.",
                code="apps.order",
            )
        return ImproperlyConfigured(
            f"App {app.app_label!r} requires {required.app_label!r}, which is not installed before it.",
            hint=f"Put {other} above {own}.",
            code="apps.order",
        )

    def _unknown(self, label: str) -> AppNotFound:
        by_name = {app.name: app.app_label for app in self}
        near = [by_name[label]] if label in by_name else get_close_matches(label, self._by_label, n=1)
        known = ", ".join(map(repr, self._by_label)) or "none"
        hint = f"Did you mean {near[0]!r}?" if near else f"Installed are: {known}."
        return AppNotFound(f"No installed app has the label {label!r}.", hint=hint)


def _explained(error: Exception, entry: Entry) -> Exception:
    """Return what an app raised while it was imported: the same, without our frames, and with one line on the app."""
    if not isinstance(error, FrameworkError):
        error.add_note(f"While loading the app {entry}.")
        error.__traceback__ = own_traceback(error)
    return error
