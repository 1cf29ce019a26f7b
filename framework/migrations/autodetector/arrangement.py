"""Puts changes in an order that works and into as few migrations as possible, across apps."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from framework.errors import CommandError
from framework.migrations.autodetector.changes import Change, Key
from framework.migrations.autodetector.names import migration_name
from framework.migrations.history.graph import Graph
from framework.migrations.history.swappable import SWAPPABLE, as_firsts, first_of
from framework.migrations.schema.table import PrimaryKey, Table, Unique
from framework.migrations.state.replay import replay
from framework.migrations.state.state import State

__all__ = ["NewMigration", "arrange", "rename", "trim"]


@dataclass(slots=True, eq=False)
class NewMigration:
    """A migration that is not written yet."""

    app: str
    name: str = ""
    parents: tuple[str, ...] = ()
    depends_on: set[str] = field(default_factory=set[str])
    """Migrations of other apps that come first; `users.__first__` where that is whatever the history begins with."""
    changes: list[Change] = field(default_factory=list[Change])
    needs: set[int] = field(default_factory=set[int])
    """Positions of the new migrations that come before this one."""
    replaces: tuple[str, ...] = ()
    """Migrations that it stands for."""

    @property
    def revision(self) -> str:
        """What other files call it."""
        return f"{self.app}.{self.name}"


def arrange(changes: Sequence[Change], graph: Graph, state: State) -> list[NewMigration]:
    """Return the migrations that make `changes`; an app gets several only when others must come between."""
    arrangement = Arrangement(changes, graph, state)
    for change in arrangement.ordered():
        arrangement.place(change)
    return arrangement.named()


class Arrangement:
    """The work of `arrange`."""

    def __init__(self, changes: Sequence[Change], graph: Graph, state: State) -> None:
        self.changes = list(changes)
        self.graph = graph
        self.state = state
        self.providers: dict[Key, list[Change]] = {}
        for change in changes:
            for key in change.provides:
                self.providers.setdefault(key, []).append(change)
        self.migrations: list[NewMigration] = []
        self.current: dict[str, int] = {}
        """For each app, the position of its last new migration."""
        self.home: dict[int, int] = {}
        """For each change, by identity, the position of its migration."""

    def before(self, change: Change) -> set[int]:
        """Return the changes of this round that come before `change`, by identity."""
        return {
            id(provider)
            for need in change.needs
            for key in self.expanded(need)
            for provider in self.providers.get(key, ())
            if provider is not change
        }

    def expanded(self, need: Key) -> set[Key]:
        """Return the keys a need stands for; a table is released when nothing points at it any more."""
        if need[0] != "released":
            return {need}
        return {
            ("no constraint", table.key, str(item.name))
            for table in self.state.tables.values()
            for item in table.foreign_keys
            if item.target == need[1] and table.key != need[1] and (len(need) == 2 or need[2] in item.target_columns)
        }

    def ordered(self) -> list[Change]:
        """Return the changes, each after those it needs, staying with one app as long as possible."""
        waiting = list(self.changes)
        needs = {id(change): self.before(change) for change in waiting}
        done: list[Change] = []
        finished: set[int] = set()
        while waiting:
            ready = [change for change in waiting if needs[id(change)] <= finished]
            if not ready:
                texts = "; ".join(f"{change.app}: {change.text}" for change in waiting)
                raise CommandError(f"These changes depend on each other: {texts}.", code="migrations.circle")
            app = done[-1].app if done else None
            following = next((change for change in ready if change.app == app), ready[0])
            waiting.remove(following)
            finished.add(id(following))
            done.append(following)
        return done

    def place(self, change: Change) -> None:
        """Put a change into its app's last new migration, or into another where that would close a circle."""
        needed = {self.home[item] for item in self.before(change)}
        position = self.current.get(change.app)
        if position is None or self.opens(change, position, needed):
            self.migrations.append(NewMigration(change.app))
            previous, position = position, len(self.migrations) - 1
            self.current[change.app] = position
            if previous is not None:
                self.migrations[position].needs.add(previous)
        migration = self.migrations[position]
        migration.changes.append(change)
        migration.needs |= needed - {position}
        migration.depends_on |= self.existing(change)
        self.home[id(change)] = position

    def opens(self, change: Change, position: int, needed: set[int]) -> bool:
        """Tell whether a change needs a new migration, after the app's last at `position`."""
        others = self.migrations[position].changes
        if change.alone or any(item.alone for item in others):
            return True
        if change.group and any(item.group not in ("", change.group) for item in others):
            return True
        return any(other != position and position in self.reach(other) for other in needed)

    def reach(self, position: int) -> set[int]:
        """Return the positions of all that come before a new migration."""
        found: set[int] = set()
        waiting = [position]
        while waiting:
            for item in self.migrations[waiting.pop()].needs - found:
                found.add(item)
                waiting.append(item)
        return found

    def existing(self, change: Change) -> set[str]:
        """Return the migrations of other apps, written earlier, that a change builds on."""
        found: set[str] = set()
        for need in change.needs:
            by_app = self.state.touched.get(need[1], {})
            if need[0] in ("released", "everything on"):
                found |= {revision for app, revision in by_app.items() if app != change.app}
            elif need[0] != "name" and need[1] in self.state.tables:
                owner = self.state.tables[need[1]].app
                if owner != change.app and owner in by_app:
                    found.add(self.beginning(owner, need) or by_app[owner])
        return found

    def beginning(self, app: str, need: Key) -> str | None:
        """Return the first migration of an app that may be replaced, where it brings what is needed as it is now."""
        root = next((node for node in self.graph.of(app) if not node.parents), None)
        if app not in SWAPPABLE or root is None:
            return None
        table = replay(self.graph, self.graph.ancestors([root.revision])).tables.get(need[1])
        if table is None or any(part(table, name) != part(self.state[need[1]], name) for name in need[2:]):
            return None
        return root.revision

    def named(self) -> list[NewMigration]:
        """Number and name the migrations, and write down what each follows."""
        last = {app: leaves[-1] for app in self.graph.apps if (leaves := self.graph.leaves(app))}
        numbers = {app: max(node.number for node in self.graph.of(app)) for app in last}
        parents: dict[str, str] = {app: node.revision for app, node in last.items()}
        for migration in self.migrations:
            app = migration.app
            numbers[app] = numbers.get(app, 0) + 1
            first = app not in parents
            words = "initial" if first else migration_name([change.fragment for change in migration.changes])
            migration.name = f"{numbers[app]:04}_{words}"
            migration.parents = () if first else (parents[app],)
            parents[app] = migration.revision
        for migration in self.migrations:
            others = (self.migrations[position] for position in migration.needs)
            migration.depends_on |= {other.revision for other in others if other.app != migration.app}
        for migration in self.migrations:
            migration.depends_on -= self.implied(migration)
        roots = self.graph.roots | {migration.revision for migration in self.migrations if not migration.parents}
        for migration in self.migrations:
            migration.depends_on = as_firsts(migration.depends_on, roots)
        return self.migrations

    def implied(self, migration: NewMigration) -> set[str]:
        """Return what comes before a new migration anyway, through the others it follows."""
        new = {item.revision: (*item.parents, *item.depends_on) for item in self.migrations}
        found: set[str] = set()
        waiting = [*migration.parents, *migration.depends_on]
        while waiting:
            revision = waiting.pop()
            before = new[revision] if revision in new else self.graph.nodes[revision].before
            waiting.extend(set(before) - found)
            found.update(before)
        return found


def part(table: Table, name: str) -> object:
    """Return what a foreign key to a column hangs on: its type, and the keys that it is in."""
    keys = {item.columns for item in table.constraints if isinstance(item, PrimaryKey | Unique)}
    column = table.columns.get(name)
    return column and column.type, {columns for columns in keys if name in columns}


def trim(migrations: Sequence[NewMigration], apps: Collection[str]) -> list[NewMigration]:
    """Return the migrations of `apps` and those of other apps that they need."""
    roots = {first_of(migration.app): migration for migration in migrations if not migration.parents}
    by_revision: Mapping[str, NewMigration] = roots | {migration.revision: migration for migration in migrations}
    kept: set[str] = set()
    waiting = [migration for migration in migrations if migration.app in apps]
    while waiting:
        migration = waiting.pop()
        kept.add(migration.revision)
        before = (*migration.parents, *migration.depends_on)
        waiting.extend(by_revision[item] for item in before if item in by_revision and item not in kept)
    return [migration for migration in migrations if migration.revision in kept]


def rename(migrations: Sequence[NewMigration], migration: NewMigration, name: str) -> None:
    """Give a new migration another name; the others follow it under that one."""
    old, migration.name = migration.revision, name
    for other in migrations:
        other.parents = tuple(migration.revision if item == old else item for item in other.parents)
        other.depends_on = {migration.revision if item == old else item for item in other.depends_on}
