"""Starting an app, and adding models to one that stands: everything or nothing, and what stood stays."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from framework.errors import CommandError
from framework.management.scaffold import Written, start_app, start_model
from framework.management.scaffold.fields import RESERVED, parse_fields
from framework.management.scaffold.names import Names

SETTINGS = 'installed_apps = (\n    "framework.db",\n)\n'


class Site:
    """A folder with a settings file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "settings.py"
        self.settings.write_text(SETTINGS)
        self.packages = {"db": "framework.db"}

    def app(self, name: str, model: str, *fields: str) -> Written:
        written = start_app(
            Names(name, model),
            parse_fields(list(fields)),
            directory=self.folder / name,
            settings_file=self.settings,
            packages=self.packages,
            prefix="/api",
        )
        self.packages[name] = name
        return written

    def model(self, app: str, model: str, *fields: str) -> Written:
        return start_model(
            Names(app, model),
            parse_fields(list(fields) or ["title:str"]),
            directory=self.folder / app,
            packages=self.packages,
            prefix="/api",
        )

    def files(self) -> Mapping[Path, bytes]:
        return {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def refuses(self, error: str, app: str, model: str, *fields: str) -> None:
        before = self.files()
        with pytest.raises(CommandError, match=error):
            (self.model if app in self.packages else self.app)(app, model, *fields)
        assert self.files() == before


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.syspath_prepend(tmp_path)  # type: ignore[no-untyped-call]
    return Site(tmp_path)


@pytest.fixture
def depot(site: Site) -> Site:
    site.app("depot_", "Category", "name:str:50")
    return site


# startapp ----------------------------------------------------------------------------------------------------------


def test_an_app_is_added_to_the_settings_file(site: Site) -> None:
    written = site.app("depot_", "Category", "name:str:50")
    assert site.settings.read_text() == 'installed_apps = (\n    "framework.db",\n    "depot_",\n)\n'
    assert written.changed == [(site.settings, "added 'depot_' to installed_apps")]
    assert written.remaining == []


def test_an_app_of_a_project_with_users_says_who_may_call_each_route(site: Site) -> None:
    site.app("open_", "Item")
    site.packages["auth"] = "framework.auth"
    site.app("kept", "Item")
    for app, stated in (("open_", 0), ("kept", 5)):
        routes = (site.folder / app / "routes.py").read_text()
        assert routes.count("@router.") == 5
        assert (
            len(re.findall(r"^@router.+ dependencies=\[(?:Public|LoginRequired)\]\)$", routes, re.MULTILINE)) == stated
        )
        assert ("framework.auth" in routes) is bool(stated)
        assert ("log_in" in (site.folder / app / "tests" / "test_items.py").read_text()) is bool(stated)
        assert ('"auth"' in (site.folder / app / "apps.py").read_text()) is bool(stated)


def test_the_line_to_add_is_said_where_there_is_no_literal(site: Site) -> None:
    site.settings.write_text("installed_apps = apps()\n")
    written = site.app("depot_", "Category")
    assert site.settings.read_text() == "installed_apps = apps()\n"
    assert written.remaining == [f'Add this line to installed_apps in {site.settings}:\n    "depot_",']
    assert written.changed == []


def test_an_app_that_the_settings_name_already_is_made_and_named_once(site: Site) -> None:
    site.settings.write_text('installed_apps = ("depot_",)\n')
    written = site.app("depot_", "Category")
    assert site.settings.read_text() == 'installed_apps = ("depot_",)\n'
    assert (written.changed, written.remaining) == ([], [])


@pytest.mark.parametrize(
    ("error", "app", "model", "fields"),
    [
        ("'1bad' is not a valid app name. Please make sure the name is a valid identifier.", "1bad", "Item", ()),
        ("'json' conflicts with the name of an existing Python module and cannot be", "json", "Item", ()),
        ("App 'framework.db' has the label 'db' already. Please try another name.", "apps_.db", "Item", ()),
        ("Field 'x' points at 'nope.Thing', but no app 'nope' is installed.", "depot_", "Item", ("x:nope.Thing",)),
        ("Field 'x' points at 'db.Thing', but app 'db' has no model 'Thing'.", "depot_", "Item", ("x:db.Thing",)),
        ("Field 'up' points at 'depot_.Item' itself, so that no row could be", "depot_", "Item", ("up:depot_.Item",)),
        ("'Page' cannot be the name of a model: the files of an app use it", "depot_", "Page", ()),
        ("'Field' cannot be the name of a model", "depot_", "Field", ()),
        ("the files of an app use it, or its plural 'changes', for something else.", "depot_", "Change", ()),
        ("'Decimal' cannot be the name of a model", "depot_", "Decimal", ()),
        ("'date' is the name of a type; say which date it is, as in 'start_date'", "depot_", "Item", ("date:date",)),
        ("'json' cannot be the name of a field", "depot_", "Item", ("json:str",)),
    ],
)  # fmt: skip
def test_what_could_not_work_is_refused_with_nothing_written(
    error: str, app: str, model: str, fields: Sequence[str], site: Site
) -> None:
    site.refuses(re.escape(error), app, model, *fields)


def test_a_file_in_the_way_stops_the_whole_app(site: Site) -> None:
    (site.folder / "depot_").mkdir()
    (site.folder / "depot_" / "models.py").write_text("mine")
    before = site.files()
    with pytest.raises(CommandError, match="'depot_' conflicts with the name of an existing Python module"):
        site.app("depot_", "Item")
    assert site.files() == before


def test_names_that_models_have_are_no_fields() -> None:
    from framework.db import Model

    assert {name for name in dir(Model) if not name.startswith("_")} <= RESERVED


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("class Tag(UUIDKeyed, table=True):\n    name: str\n", "tag_id: UUID"),
        ("class Key(UUIDKeyed): ...\n\n\nclass Tag(Key, table=True):\n    name: str\n", "tag_id: UUID"),
        ("class Tag(Model, table=True):\n    id: uuid.UUID = Field(primary_key=True)\n", "tag_id: UUID"),
        ("class Tag(Model, table=True):\n    code: str = Field(primary_key=True)\n", "tag_id: str"),
        ("class Tag(Model, table=True):\n    id: int = Field(default=None, primary_key=True)\n", "tag_id: int"),
    ],
)
def test_a_foreign_key_has_the_type_of_the_key_it_points_at(source: str, line: str, site: Site) -> None:
    site.app("depot_", "Tag")
    (site.folder / "depot_" / "models.py").write_text(source)
    site.app("store_", "Thing", "tag:depot_.Tag")
    key = "code" if "code" in source else "id"
    assert f'    {line} = Field(foreign_key="depot_.Tag.{key}", ' in (site.folder / "store_" / "models.py").read_text()
    assert f"    {line}\n" in (site.folder / "store_" / "schemas.py").read_text()
    assert 'requires = ("db", "depot_")' in (site.folder / "store_" / "apps.py").read_text()


# startmodel --------------------------------------------------------------------------------------------------------


def test_what_the_user_wrote_stays_to_the_letter(depot: Site) -> None:
    models, routes = depot.folder / "depot_" / "models.py", depot.folder / "depot_" / "routes.py"
    mine = "from framework.db import Model  # the mother of all\n\n\nclass Mine( Model ):   # mine\n    x : int=1\n"
    models.write_bytes(mine.replace("\n", "\r\n").encode())
    typed = routes.read_text().replace("router = APIRouter(", "router: APIRouter = APIRouter(")
    routes.write_text(typed)

    written = depot.model("depot_", "Product", "name:str:20", "price:decimal")
    text = models.read_bytes().decode()
    assert text.count("\n") == text.count("\r\n")
    head, *rest = mine.splitlines()
    assert head in text.splitlines()
    assert "\n".join(rest) in text.replace("\r\n", "\n")
    assert "from framework.db import Field" in text.splitlines()
    assert "class Product(Model, table=True):" in text
    assert routes.read_text().count("APIRouter(") == 1
    assert [path.name for path, _ in written.changed] == ["models.py", "routes.py", "schemas.py", "services.py"]
    assert [path.name for path in written.created] == ["test_products.py"]
    assert written.remaining == []
    for path in (models, routes):
        compile(path.read_text(), path, "exec")


def test_a_test_that_stood_already_is_kept_and_said(depot: Site) -> None:
    path = depot.folder / "depot_" / "tests" / "test_products.py"
    path.write_text("mine")
    assert depot.model("depot_", "Product").remaining == [f"{path} stood already and is as it was."]
    assert path.read_text() == "mine"


def test_an_app_that_is_newly_pointed_at_is_to_be_required(depot: Site) -> None:
    depot.app("store_", "Thing", "name:str")
    apps = depot.folder / "store_" / "apps.py"
    assert depot.model("store_", "Product", "category:depot_.Category").remaining == [
        f"Add 'depot_' to `requires` in {apps}."
    ]
    apps.write_text(apps.read_text().replace('("db",)', '("db", "depot_")'))
    assert depot.model("store_", "Other", "category:depot_.Category").remaining == []


def test_a_model_that_stands_is_refused(depot: Site) -> None:
    depot.refuses(r"Model 'Category' already stands in .*models\.py", "depot_", "Category")


@pytest.mark.parametrize("name", ["models.py", "schemas.py", "services.py", "routes.py", "apps.py"])
def test_a_file_that_is_no_python_is_refused_by_its_line(name: str, depot: Site) -> None:
    broken = depot.folder / "depot_" / name
    broken.write_text("x = 1\ny = (\n")
    (depot.folder / "extra_").mkdir()
    if name == "apps.py":  # read only to see what is required
        depot.packages["other_"] = "extra_"
        (depot.folder / "extra_" / "models.py").write_text("class Thing: ...\n")
        depot.refuses(rf"{name}:2: '\(' was never closed", "depot_", "Product", "x:other_.Thing")
    else:
        depot.refuses(rf"{name}:2: '\(' was never closed", "depot_", "Product")


def test_a_name_that_the_new_code_needs_is_refused_by_its_line(depot: Site) -> None:
    schemas = depot.folder / "depot_" / "schemas.py"
    schemas.write_text(f"{schemas.read_text()}\n\nProductRead = dict[str, int]\n")
    line = len(schemas.read_text().splitlines())
    depot.refuses(rf"schemas\.py:{line} has 'ProductRead' already, which the new model needs", "depot_", "Product")


def test_a_module_that_became_a_package_is_refused(depot: Site) -> None:
    services = depot.folder / "depot_" / "services.py"
    (depot.folder / "depot_" / "services").mkdir()
    services.rename(depot.folder / "depot_" / "services" / "__init__.py")
    depot.refuses(r"depot_/services is a package, .*: services\.py was wanted", "depot_", "Product")
