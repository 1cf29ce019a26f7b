"""Migrations and what comes before what. Knows neither Alembic nor SQLAlchemy: headers are enough for plans."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from framework.errors import CommandError
from framework.migrations.errors import HistoryError
from framework.migrations.history.migration import Migration, Step
from framework.migrations.history.replacements import fitting
from framework.migrations.history.swappable import with_firsts

__all__ = ["Graph", "Migration", "Step"]


class Graph:
    """All migrations of the installed apps. Raises `HistoryError` when a parent is missing or they form a circle."""

    def __init__(
        self,
        migrations: Iterable[Migration],
        apps: Sequence[str] = (),
        applied: Collection[tuple[str, str]] = (),
        former: Mapping[str, str] | None = None,
    ) -> None:
        self.former = dict(former or {})
        """Labels that apps had before, with those they have now."""
        self.files: dict[str, Migration] = {}
        """Every file, those that a squashed migration replaces too."""
        for migration in with_firsts(migrations, apps):
            if (other := self.files.setdefault(migration.revision, migration)) is not migration:
                raise HistoryError(
                    f"Two migrations are called {migration.revision!r}: {other.path} and {migration.path}.",
                    hint="Give one of them another `revision`.",
                )
        self.nodes = fitting(self.files, applied)
        """The migrations that count, for a database with the rows `applied`."""
        self.apps = sorted({*apps, *(node.app for node in self.nodes.values())})
        self.children: dict[str, list[str]] = {revision: [] for revision in self.nodes}
        for node in self.nodes.values():
            for revision in node.before:
                if revision not in self.nodes:
                    raise self.missing(node, revision)
                self.children[revision].append(node.revision)
        self.order = list(self.sort(self.nodes))
        """Every revision, each after all that come before it."""

    def given(self, applied: Collection[tuple[str, str]]) -> "Graph":
        """Return the graph as it is for a database with the rows `applied`: squashed migrations may not fit there."""
        if not any(node.replaces for node in self.files.values()):
            return self
        return Graph(self.files.values(), self.apps, applied, self.former)

    def apart(self) -> "Graph":
        """Return the graph of all files side by side, in which no migration stands for others."""
        if not any(node.replaces for node in self.files.values()):
            return self
        return Graph((replace(node, replaces=()) for node in self.files.values()), self.apps, (), self.former)

    def missing(self, node: Migration, revision: str) -> HistoryError:
        """Return the error for a migration that follows one that is not there."""
        app = revision.partition(".")[0]
        if app not in self.apps:
            hint = f"Install the app {app!r}, or remove the dependency from {node.path}."
        else:
            others = [item for item in self.files if item != node.revision]
            near = [item for item in others if item.startswith(revision)] or get_close_matches(revision, others, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            hint = f"Restore the file, or correct {node.path}.{meant}"
        return HistoryError(f"Migration {node} comes after {revision!r}, which does not exist.", hint=hint)

    def sort(self, revisions: Iterable[str]) -> Iterator[str]:
        """Yield revisions and all that come before them, app by app and by name where that leaves a choice."""
        done: set[str] = set()
        for start in sorted(revisions, key=lambda revision: (self.nodes[revision].app, self.nodes[revision].name)):
            if start in done:
                continue
            # An explicit stack: histories grow longer than Python's recursion allows.
            path: dict[str, Iterator[str]] = {start: iter(self.nodes[start].before)}
            while path:
                revision, remaining = next(reversed(path.items()))
                following = next((item for item in remaining if item not in done), None)
                if following is None:
                    del path[revision]
                    done.add(revision)
                    yield revision
                elif following in path:
                    circle = [*list(path)[list(path).index(following) :], following]
                    raise HistoryError(
                        f"Migrations form a circle: {' → '.join(circle)}.",
                        hint="Remove one `depends_on`; move what needed it into a migration of its own.",
                    )
                else:
                    path[following] = iter(self.nodes[following].before)

    def of(self, app: str) -> list[Migration]:
        """Return an app's migrations, each after those it builds on."""
        return [self.nodes[revision] for revision in self.order if self.nodes[revision].app == app]

    @property
    def roots(self) -> set[str]:
        """The revisions that histories begin with."""
        return {node.revision for node in self.files.values() if not node.parents}

    def leaves(self, app: str) -> list[Migration]:
        """Return the migrations of an app that no other of it builds on; more than one is a conflict."""
        return [
            node
            for node in self.of(app)
            if all(
                self.nodes[child].app != app or node.revision not in self.nodes[child].parents
                for child in self.children[node.revision]
            )
        ]

    def conflicts(self) -> dict[str, list[Migration]]:
        """Return the apps whose history has more than one end."""
        return {app: leaves for app in self.apps if len(leaves := self.leaves(app)) > 1}

    def require_single_ends(self) -> None:
        """Raise Django's error when an app's history has several ends."""
        if conflicts := self.conflicts():
            listed = "; ".join(f"{', '.join(node.name for node in nodes)} in {app}" for app, nodes in conflicts.items())
            # Files of one number that follow each other are no conflict: a merge brings them together.
            twins = [app for app, nodes in conflicts.items() if len({node.number for node in nodes}) < len(nodes)]
            raise CommandError(
                "Conflicting migrations detected; multiple leaf nodes in the migration graph: "
                f"({listed}).\nTo fix them run 'python manage.py makemigrations --merge'",
                hint=f"Two of {' and '.join(map(repr, twins))} have one number: they were made on two branches."
                if twins
                else None,
                code="migrations.conflict",
            )

    def ancestors(self, revisions: Iterable[str]) -> list[str]:
        """Return `revisions` and all that come before them, in order."""
        return list(self.sort(revisions))

    def descendants(self, revision: str) -> set[str]:
        """Return all that build on `revision`, directly or not."""
        found: set[str] = set()
        waiting = list(self.children[revision])
        while waiting:
            if (child := waiting.pop()) not in found:
                found.add(child)
                waiting.extend(self.children[child])
        return found

    def forwards(self, targets: Iterable[str], applied: Collection[str]) -> list[Step]:
        """Return the steps that apply `targets` and what they need."""
        return [Step(self.nodes[revision]) for revision in self.sort(targets) if revision not in applied]

    def backwards(self, targets: Iterable[str], applied: Collection[str]) -> list[Step]:
        """Return the steps that take back everything built on `targets`, in every app; the targets stay."""
        doomed = {revision for target in targets for revision in self.descendants(target)} & set(applied)
        return [Step(self.nodes[revision], forward=False) for revision in reversed(self.order) if revision in doomed]

    def to_zero(self, app: str, applied: Collection[str]) -> list[Step]:
        """Return the steps that take back all of an app, and what other apps built on it."""
        own = {node.revision for node in self.of(app)}
        doomed = (own | {item for revision in own for item in self.descendants(revision)}) & set(applied)
        return [Step(self.nodes[revision], forward=False) for revision in reversed(self.order) if revision in doomed]


def by_app(migrations: Iterable[Migration]) -> Mapping[str, list[Migration]]:
    """Return migrations grouped by app, apps in order of their labels."""
    groups: dict[str, list[Migration]] = {}
    for migration in sorted(migrations, key=lambda item: item.app):
        groups.setdefault(migration.app, []).append(migration)
    return groups
