"""The installed apps of one project, in order."""

from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from types import ModuleType

from framework._modules import defined_in, import_object, import_submodule
from framework.apps.config import AppConfig
from framework.errors import AppNotFound, ImproperlyConfigured

ENTRY_POINT_GROUP = "framework.apps"


class Apps:
    """The installed apps of one project, in order."""

    def __init__(self, entries: Sequence[str]) -> None:
        self._by_label: dict[str, AppConfig] = {}
        for entry in entries:
            app = load_app(entry)
            if app.app_label in self._by_label:
                raise ImproperlyConfigured(f"Two installed apps are labelled {app.app_label!r}.")
            for label in app.requires:
                if label not in self._by_label:
                    raise ImproperlyConfigured(
                        f"App {app.app_label!r} requires {label!r}, which is not installed before it.",
                        hint=f"Put {label!r} above {app.app_label!r} in installed_apps.",
                        code="apps.order",
                    )
            self._by_label[app.app_label] = app

    def __iter__(self) -> Iterator[AppConfig]:
        return iter(self._by_label.values())

    def __getitem__(self, label: str) -> AppConfig:
        return self._by_label[label]

    def __contains__(self, label: object) -> bool:
        return label in self._by_label

    def __len__(self) -> int:
        return len(self._by_label)

    def modules(self, name: str) -> Iterator[tuple[AppConfig, ModuleType]]:
        """Yield the module called `name` of every app that has one, in order."""
        for app in self:
            if (module := app.module(name)) is not None:
                yield app, module


def load_app(entry: str) -> AppConfig:
    """Return the app for one entry of `installed_apps`: a package, or the name of an installed plugin."""
    available = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    if entry in available:
        config: object = available[entry].load()
        if isinstance(config, type) and issubclass(config, AppConfig):
            return config()
    try:
        import_object(f"{entry}:__name__")
    except ModuleNotFoundError as error:
        if error.name and (entry == error.name or entry.startswith(error.name + ".")):
            raise AppNotFound(f"No app named {entry!r}.") from None
        raise
    module = import_submodule(entry, "apps")
    if module is None:
        raise AppNotFound(f"{entry!r} has no apps.py.")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, AppConfig) and defined_in(value, module)
    ]
    if len(found) != 1:
        raise ImproperlyConfigured(f"{module.__name__} must define exactly one AppConfig, found {len(found)}.")
    return found[0]()
