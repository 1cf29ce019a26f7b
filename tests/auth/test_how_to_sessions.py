"""The page on callers: its app serves, its tests pass here, and its tables tell what there is."""

import ast
import re
import sys
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from httpx import AsyncClient

from framework import Project, Settings
from framework.auth import Audit, AuthSettings, SecurityEvent, SigningKeys, Users
from framework.auth.signing.access import AccessTokens
from framework.db import ReadRepository
from framework.errors import Unauthenticated
from framework.testing.projects import Projects
from framework.testing.users import LogIn
from framework.users.models import User
from tests.auth.conftest import Site

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "sessions-and-tokens.md"
TEXT = PAGE.read_text()
BLOCKS = dict(re.findall(r"^```python\n# (\S+)\n(.*?)^```$", TEXT, re.S | re.M))
APP = "from framework import AppConfig\nclass Cafe(AppConfig):\n    name = 'cafe'\n    requires = ('auth',)\n"
OLD, NEW = "an old secret that is long enough", "a new secret that is as long as that"

for name, source in BLOCKS.items():
    if name.startswith("tests/"):
        exec(compile(source, f"{PAGE.name}/{name}", "exec"), globals())


@pytest.fixture
def cafe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    """The app of the page."""
    folder = tmp_path / "apps" / "cafe"
    folder.mkdir(parents=True)
    files = {name.partition("/")[2]: text for name, text in BLOCKS.items() if name.startswith("cafe/")}
    for name, text in {"__init__.py": "", "apps.py": APP, **files}.items():
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(str(folder.parent))
    yield "cafe"
    for module in [module for module in sys.modules if module.partition(".")[0] == "cafe"]:
        del sys.modules[module]


@pytest.fixture
def project(project_with: Projects, cafe: str) -> Project:
    return project_with(Site, installed_apps=(*Site.model_fields["installed_apps"].default, cafe, "tests.auth.gate"))


@pytest.fixture
async def ann(project: Project, client: AsyncClient) -> User:
    async with project.scope() as scope:
        return await (await scope.get(Users[User])).create(email="ann@example.com", password="correct horse battery")


def test_every_block_is_used() -> None:
    assert set(BLOCKS) == {
        "config/settings.py",
        *(f"cafe/{name}.py" for name in ("callers", "routes", "services")),
        *(f"tests/test_{name}.py" for name in ("devices", "keys", "sessions", "tokens")),
    }
    assert len(BLOCKS) == TEXT.count("```python\n")


def read(text: str, cls: type[Settings] = Settings) -> Settings:
    """Return the settings that lines of an environment make."""
    environ = {name: value.strip("'") for name, value in re.findall(r"^(\w+)=(.*)$", text, re.M)}
    return cls(_environ=environ, _env_file=None, _secrets_dir=None)  # type: ignore[call-arg]


def test_the_settings_of_the_page_load() -> None:
    names: dict[str, type[Settings]] = {"__name__": "page"}
    exec(compile(BLOCKS["config/settings.py"], PAGE.name, "exec"), names)
    auth = read("SECRET_KEY=" + NEW, names["ProjectSettings"]).section(AuthSettings)
    assert (auth.sessions.store, auth.cookies.same_site) == ("cache", "strict")


def test_the_settings_that_the_page_names_are_there_with_their_defaults() -> None:
    def value(name: str) -> object:
        group, field = name.lower().split("__")[1:]
        return getattr(getattr(AuthSettings(), group), field)

    assert all(value(name) is not None for name in re.findall(r"AUTH__(?!KEYS__LONGEST)\w+", TEXT))
    told = re.findall(r"^\| `(AUTH__\w+)`(?:, `(AUTH__\w+)`)? \| `(\w+)`(?:, `(\w+)`)? \|", TEXT, re.M)
    assert len(told) == 6
    for first, second, *defaults in told:
        assert [str(value(name)) for name in (first, second) if name] == [default for default in defaults if default]
    auth = AuthSettings()
    day = 24 * 3600
    assert (auth.sessions.ttl, auth.sessions.idle_ttl, auth.tokens.login_ttl) == (30 * day, 14 * day, 90 * day)


def test_tokens_of_the_old_secret_are_good_while_the_settings_of_the_page_name_it() -> None:
    (lines,) = re.findall(r"^```\n(SECRET_KEY=.*?)^```$", TEXT, re.S | re.M)
    before = read(f"SECRET_KEY={OLD}")
    after = read(lines.replace("…new…", NEW).replace("…old…", OLD))
    at_last = read(f"SECRET_KEY={NEW}")

    def signed(project: Settings) -> AccessTokens:
        tokens = project.section(AuthSettings).tokens
        return AccessTokens(SigningKeys.of(project, tokens), tokens)

    token = signed(before).make(7, uuid4())
    assert signed(after).verify(token).user_id == 7
    with pytest.raises(Unauthenticated):
        signed(at_last).verify(token)


async def test_an_app_knows_callers_by_other_means(client: AsyncClient, ann: User, log_in: LogIn) -> None:
    assert (await client.get("/gate/caller")).json() is None
    assert (await client.get("/gate/caller", headers={"X-Till": "s3cret"})).json() == "till:1"
    await log_in(ann)
    assert (await client.get("/gate/caller", headers={"X-Till": "s3cret"})).json() == f"user:{ann.id}"


async def test_the_service_records_an_event_of_its_own_and_counts_failures(
    project: Project, client: AsyncClient, ann: User
) -> None:
    from cafe.services import Till  # type: ignore[import-not-found]

    await client.post("/auth/token", data={"username": ann.email, "password": "wrong"})
    async with project.scope() as scope:
        await (await scope.get(Audit)).settled()
        await (await scope.get(Till)).refund(ann, 7)
    async with project.scope() as scope:
        assert await (await scope.get(Till)).failures(ann.email, datetime.now(UTC) - timedelta(hours=1)) == 1
        event = await (await scope.get(ReadRepository[SecurityEvent])).get(kind="order.refunded")
        assert (event.user_id, event.details) == (ann.id, {"amount": 7})


def test_the_page_names_every_kind_of_event() -> None:
    rows = TEXT.partition("| about | kinds |")[2].partition("\n\n")[0]
    there = {
        str(argument.value)
        for path in (ROOT / "framework" / "auth").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".record", "._set_password"))
        for argument in [*node.args[:1], *(each.value for each in node.keywords if each.arg == "kind")]
        if isinstance(argument, ast.Constant)
    }
    assert set(re.findall(r"`([a-z._]+)`", rows)) == there | {"password.changed"}
