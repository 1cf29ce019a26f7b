"""Where values come from: environment, `.env`, secrets folder, TOML, the class; for every section alike."""

import copy
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from framework.conf import Section, Settings
from framework.errors import ImproperlyConfigured


class Cors(BaseModel):
    origins: tuple[str, ...] = ("https://a.example",)
    max_age: int = 600


class Cache(Section):
    prefix: str = ""
    ttl: int = 60
    tags: list[str] = Field(default_factory=list[str])
    sizes: dict[str, int] = Field(default_factory=lambda: {"small": 1})
    cors: Cors = Cors(origins=("https://b.example",))
    limit: int | None = 5
    secret: SecretStr | None = None


class Audit(Section):
    prefix: ClassVar[str] = "audit"
    variables: ClassVar[dict[str, str]] = {"AUDIT_URL": "url"}

    url: str = "none"
    keep_days: int = 30
    names: tuple[str, ...] = ()


class Project(Settings):
    cache: Cache = Cache(prefix="site:", sizes={"small": 1, "large": 9})


def settings(_root: Path, **environ: str) -> Project:
    return Project(_root=_root, _environ=environ, _secrets_dir=None)


def test_platform_names_are_read_as_platforms_set_them(tmp_path: Path) -> None:
    made = settings(tmp_path, SECRET_KEY="x" * 40, DEBUG="1", ALLOWED_HOSTS="a.com, b.com")
    assert made.secret_key.get_secret_value() == "x" * 40
    assert made.debug is True
    assert made.allowed_hosts == ("a.com", "b.com")


@pytest.mark.parametrize("text", ["a.com,b.com", '["a.com", "b.com"]', " a.com , b.com, "])
def test_a_list_is_read_from_commas_and_from_json(tmp_path: Path, text: str) -> None:
    assert settings(tmp_path, ALLOWED_HOSTS=text, CACHE__TAGS=text).allowed_hosts == ("a.com", "b.com")
    assert settings(tmp_path, ALLOWED_HOSTS=text, CACHE__TAGS=text).cache.tags == ["a.com", "b.com"]


def test_debug_is_off_unless_set(tmp_path: Path) -> None:
    assert settings(tmp_path).debug is False


def test_a_variable_changes_one_field_and_leaves_the_others_standing(tmp_path: Path) -> None:
    made = settings(tmp_path, CACHE__TTL="5")
    assert made.cache == Cache(prefix="site:", ttl=5, sizes={"small": 1, "large": 9})
    assert made.cache.model_fields_set == {"prefix", "ttl", "sizes"}


def test_a_variable_reaches_into_a_group_and_a_mapping_and_leaves_the_rest(tmp_path: Path) -> None:
    made = settings(tmp_path, CACHE__CORS__MAX_AGE="5", CACHE__SIZES__LARGE="2")
    assert made.cache.cors == Cors(origins=("https://b.example",), max_age=5)
    assert made.cache.sizes == {"small": 1, "large": 2}


def test_json_changes_what_it_names_and_a_single_variable_wins_over_it(tmp_path: Path) -> None:
    made = settings(tmp_path, CACHE='{"ttl": 1, "limit": null}', CACHE__TTL="2")
    assert (made.cache.prefix, made.cache.ttl, made.cache.limit) == ("site:", 2, None)


def test_the_strongest_source_wins_value_by_value(tmp_path: Path) -> None:
    class WithToml(Project):
        model_config = SettingsConfigDict(toml_file="settings.toml", secrets_dir="secrets")

    (tmp_path / "secrets").mkdir()
    (tmp_path / "settings.toml").write_text('debug = true\n[cache]\nttl = 1\nlimit = 1\ntags = ["t"]\nprefix = "t"\n')
    (tmp_path / "secrets/cache__ttl").write_text("2\n")
    (tmp_path / "secrets/CACHE__LIMIT").write_text("2\n")
    (tmp_path / "secrets/CACHE__PREFIX").write_text("2\n")
    (tmp_path / ".env").write_text("CACHE__LIMIT=3\nCACHE__PREFIX=3\n")
    made = WithToml(_root=tmp_path, _environ={"CACHE__PREFIX": "4"})
    assert (made.cache.tags, made.cache.ttl, made.cache.limit, made.cache.prefix) == (["t"], 2, 3, "4")
    assert made.debug is True
    assert WithToml(_root=tmp_path, _environ={}, debug=False).debug is False


@pytest.mark.parametrize("source", ["environment", ".env", "secrets", "toml"])
def test_an_undeclared_section_reads_every_source(tmp_path: Path, source: str) -> None:
    class WithToml(Project):
        model_config = SettingsConfigDict(toml_file="settings.toml", secrets_dir="secrets")

    environ: dict[str, str] = {}
    (tmp_path / "secrets").mkdir()
    if source == "environment":
        environ = {"AUDIT__KEEP_DAYS": "7", "AUDIT_URL": "http://a", "AUDIT__NAMES": "x,y"}
    elif source == ".env":
        (tmp_path / ".env").write_text("AUDIT__KEEP_DAYS=7\nexport AUDIT_URL='http://a'\nAUDIT__NAMES=x,y\n")
    elif source == "secrets":
        for name, text in {"audit__keep_days": "7", "AUDIT_URL": "http://a\n", "AUDIT__NAMES": "x,y"}.items():
            (tmp_path / "secrets" / name).write_text(text)
    else:
        (tmp_path / "settings.toml").write_text('[audit]\nkeep_days = 7\nurl = "http://a"\nnames = ["x", "y"]\n')
    made = WithToml(_root=tmp_path, _environ=environ)
    assert made.section(Audit) == Audit(keep_days=7, url="http://a", names=("x", "y"))
    assert made.section(Audit) is made.section(Audit)


def test_a_section_is_reached_by_its_type(tmp_path: Path) -> None:
    made = settings(tmp_path)
    assert made.section(Cache) is made.cache


def test_files_are_found_from_the_root_and_never_from_the_current_folder(
    write: Callable[[str, str], Path], load: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("config/__init__.py", "")
    write(
        "config/settings/base.py",
        """
        from pydantic_settings import SettingsConfigDict
        from framework.conf import Settings

        class Base(Settings):
            model_config = SettingsConfigDict(toml_file="settings.toml", secrets_dir="secrets")
        """,
    )
    write(".env", "ALLOWED_HOSTS=right.example")
    write("settings.toml", 'installed_apps = ["right"]')
    write("secrets/SECRET_KEY", "right")
    for name in (".env", "settings.toml"):
        write(f"elsewhere/{name}", "debug=true")
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name in ("ALLOWED_HOSTS", "DEBUG", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    made = load("config.settings.base").Base()
    assert made.root == tmp_path
    assert (made.allowed_hosts, made.installed_apps, made.debug) == (("right.example",), ("right",), False)
    assert made.secret_key.get_secret_value() == "right"


def test_the_framework_s_own_class_has_the_current_folder_as_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings(_environ={}, _env_file=None).root == tmp_path


def test_settings_of_a_script_have_its_folder_as_root(write: Callable[[str, str], Path]) -> None:
    import subprocess
    import sys

    script = write(
        "app/serve.py",
        """
        from framework.conf import Settings
        class Mine(Settings): pass
        print(Mine().root, Mine().debug)
        """,
    )
    write("app/.env", "DEBUG=1")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd="/", check=True)
    assert done.stdout.split() == [str(script.parent), "True"]


def test_other_lines_of_dotenv_are_ignored(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "POSTGRES_PASSWORD=x\nthis is no line\nCOMPOSE_FILE=a:b\n\n# DEBUG=1\nDEBUG=true # why\n"
    )
    made = settings(tmp_path)
    assert made.debug is True
    assert made.unknown_variables() == []


def test_a_value_in_dotenv_may_refer_to_another(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HOST=db\nCACHE__PREFIX=${HOST}:${PORT}:${NONE:-x}\n")
    assert settings(tmp_path, PORT="1").cache.prefix == "db:1:x"


@pytest.mark.parametrize("name", ["ALLOWED_HOSTS", "SECRET_KEY", "DEBUG", "CACHE__TTL", "CACHE__LIMIT", "CACHE__TAGS"])
def test_an_empty_variable_says_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / ".env").write_text("CACHE__TTL=7\nALLOWED_HOSTS=a\n")
    made = settings(tmp_path, **{name: ""})
    assert (made.allowed_hosts, made.debug, made.cache) == (("a",), False, settings(tmp_path).cache)


def test_an_empty_variable_empties_a_text_but_not_by_its_platform_name(tmp_path: Path) -> None:
    assert settings(tmp_path, CACHE__PREFIX="").cache.prefix == ""
    assert settings(tmp_path, AUDIT_URL="").section(Audit).url == "none"


@pytest.mark.parametrize("text", ["/var/mail/root", "true", "", "[1]"])
def test_a_variable_that_happens_to_have_a_section_s_name_is_somebody_else_s(tmp_path: Path, text: str) -> None:
    made = settings(tmp_path, CACHE=text, AUDIT=text)
    assert (made.cache, made.section(Audit)) == (settings(tmp_path).cache, Audit())
    assert made.unknown_variables() == []


def test_the_database_s_two_names_clash_too(tmp_path: Path) -> None:
    from framework.db.settings import DatabaseSettings

    environ = {"DATABASE_URL": "postgres://u:hunter2@a/d", "DATABASE__URL": "postgres://u:hunter2@b/d"}
    with pytest.raises(ImproperlyConfigured) as caught:
        Settings(_root=tmp_path, _environ=environ).section(DatabaseSettings)
    assert "database.url: found different values from DATABASE__URL in the environment and" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_names_don_t_depend_on_case_and_capitals_win(tmp_path: Path) -> None:
    assert settings(tmp_path, cache__ttl="7").cache.ttl == 7
    assert settings(tmp_path, CACHE__TTL="8", cache__ttl="7").cache.ttl == 8
    assert settings(tmp_path, cache__ttl="7", CACHE__TTL="8").cache.ttl == 8


def test_two_names_for_one_setting_that_differ_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        settings(tmp_path, AUDIT_URL="a", AUDIT__URL="b").section(Audit)
    assert caught.value.message == (
        "1 setting cannot be used:\n"
        "  audit.url: found different values from AUDIT__URL in the environment and AUDIT_URL in the environment; "
        "wanted one"
    )


def test_two_names_clash_across_sources_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("\nAUDIT__URL=b\n")
    with pytest.raises(ImproperlyConfigured) as caught:
        settings(tmp_path, AUDIT_URL="a").section(Audit)
    assert f"AUDIT__URL in {tmp_path}/.env:2 and AUDIT_URL in the environment" in caught.value.message


def test_two_names_with_one_value_are_fine_and_so_is_a_class_default(tmp_path: Path) -> None:
    assert settings(tmp_path, AUDIT_URL="a", AUDIT__URL="a").section(Audit).url == "a"
    (tmp_path / ".env").write_text("AUDIT_URL=b\n")
    assert settings(tmp_path, AUDIT_URL="a").section(Audit).url == "a"


def test_a_declared_section_takes_its_prefix_from_its_field(tmp_path: Path) -> None:
    class Renamed(Settings):
        log_book: Audit = Audit(keep_days=3)

    made = Renamed(_root=tmp_path, _environ={"LOG_BOOK__KEEP_DAYS": "4", "AUDIT__KEEP_DAYS": "5", "AUDIT_URL": "a"})
    assert made.section(Audit) == Audit(keep_days=4, url="a")


def test_a_declared_section_needs_no_default(tmp_path: Path) -> None:
    class Bare(Settings):
        audit: Audit

    assert Bare(_root=tmp_path, _environ={"AUDIT__KEEP_DAYS": "4"}).audit == Audit(keep_days=4)
    assert Bare(_root=tmp_path, _environ={}).audit == Audit()


def test_a_default_of_a_subclass_stays_one(tmp_path: Path) -> None:
    class Wider(Audit):
        more: int = 1

    class Subclassed(Settings):
        audit: Audit = Wider(keep_days=3)

    made = Subclassed(_root=tmp_path, _environ={"AUDIT__KEEP_DAYS": "4"})
    assert made.audit == Wider(keep_days=4)
    assert made.section(Wider) is made.section(Audit)


def test_a_section_may_be_one_of_several(tmp_path: Path) -> None:
    class Memory(Section):
        kind: Literal["memory"] = "memory"
        size: int = 1

    class Redis(Section):
        kind: Literal["redis"] = "redis"
        url: str = "redis://"

    class Either(Settings):
        store: Annotated[Memory | Redis, Field(discriminator="kind")] = Memory(size=2)

    assert Either(_root=tmp_path, _environ={"STORE__SIZE": "3"}).store == Memory(size=3)
    made = Either(_root=tmp_path, _environ={"STORE__KIND": "redis", "STORE__URL": "redis://a"})
    assert made.store == Redis(url="redis://a")


def test_a_keyword_section_is_taken_whole_declared_or_not(tmp_path: Path) -> None:
    made = Project(
        _root=tmp_path,
        _environ={"CACHE__TTL": "5", "AUDIT__KEEP_DAYS": "5"},
        cache=Cache(prefix="t:"),
        audit=Audit(url="x"),
    )
    assert made.cache == Cache(prefix="t:")
    assert made.section(Audit) == Audit(url="x")


def test_a_keyword_dictionary_changes_what_it_names(tmp_path: Path) -> None:
    made = Project(_root=tmp_path, _environ={"CACHE__LIMIT": "9"}, cache={"ttl": 5})
    assert made.cache == Cache(prefix="site:", ttl=5, limit=9, sizes={"small": 1, "large": 9})


def test_a_keyword_section_under_a_wrong_name_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        Project(_root=tmp_path, _environ={}, audti=Audit())
    assert str(caught.value) == (
        "The keyword 'audti' holds Audit, whose prefix is 'audit'.\n  Hint: Write audit=Audit(...).  [conf.prefix]"
    )


def test_nothing_outside_the_code_changes_settings_of_a_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("DEBUG=1\nAUDIT__KEEP_DAYS=1\n")
    monkeypatch.setenv("CACHE__TTL", "1")
    monkeypatch.setenv("AUDIT_URL", "x")
    made = Project(_root=tmp_path, _environ={}, _env_file=None, _secrets_dir=None)
    assert (made.debug, made.cache.ttl, made.section(Audit)) == (False, 60, Audit())


def test_what_pydantic_settings_offers_still_works(tmp_path: Path) -> None:
    class Familiar(Settings):
        model_config = SettingsConfigDict(
            env_prefix="SITE_", env_file=("one.env", "two.env"), env_file_encoding="latin-1"
        )

        api_url: str = Field(default="", validation_alias="BACKEND")
        raw: Annotated[list[str], NoDecode] = Field(default_factory=list[str])

    (tmp_path / "one.env").write_text("SITE_DEBUG=1\nSITE_CACHE__TTL=1\nSITE_BACKEND=b\n")
    (tmp_path / "two.env").write_bytes("SITE_CACHE__PREFIX=ä\nSITE_CACHE__TTL=2\nCACHE__LIMIT=1\n".encode("latin-1"))
    made = Familiar(_root=tmp_path, _environ={"DEBUG": "0"})
    assert made.debug is True
    assert made.api_url == "b"
    with pytest.raises(ImproperlyConfigured, match="raw: found 'a,b'; wanted a list"):
        Familiar(_root=tmp_path, _environ={"SITE_RAW": "a,b"})


def test_a_source_of_the_project_s_own_is_read_for_every_section(tmp_path: Path) -> None:
    class Vault(PydanticBaseSettingsSource):
        def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
            return None, field_name, False

        def __call__(self) -> dict[str, Any]:
            return {"cache": {"ttl": 7, "secret": "s"}, "audit": {"keep_days": 8}}

    class Vaulted(Project):
        @classmethod
        def settings_customise_sources(cls, settings_cls: Any, **sources: Any) -> tuple[Any, ...]:
            return (*super().settings_customise_sources(settings_cls, **sources), Vault(settings_cls))

    made = Vaulted(_root=tmp_path, _environ={"CACHE__LIMIT": "9"})
    assert (made.cache.ttl, made.cache.limit, made.cache.prefix) == (7, 9, "site:")
    assert made.section(Audit).keep_days == 8
    assert str(made.source("cache.ttl")) == "Vault"


def test_the_source_the_project_leaves_out_is_not_read(tmp_path: Path) -> None:
    class NoDotenv(Project):
        @classmethod
        def settings_customise_sources(cls, settings_cls: Any, **sources: Any) -> tuple[Any, ...]:
            return sources["init_settings"], sources["env_settings"]

    (tmp_path / ".env").write_text("DEBUG=1\nAUDIT__KEEP_DAYS=1\n")
    made = NoDotenv(_root=tmp_path, _environ={})
    assert made.debug is False
    assert made.section(Audit) == Audit()


def test_several_toml_files_and_a_table_are_read(tmp_path: Path) -> None:
    class Tables(Project):
        model_config = SettingsConfigDict(
            toml_file=["pyproject.toml", "local.toml"], toml_table_header=("tool", "site")
        )

    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname="x"\n[tool.site]\ndebug = true\n[tool.site.cache]\nttl = 1\n'
    )
    (tmp_path / "local.toml").write_text("[tool.site]\ncache.limit = 2\n")
    made = Tables(_root=tmp_path, _environ={})
    assert (made.debug, made.cache.ttl, made.cache.limit) == (True, 1, 2)
    assert str(made.source("cache.ttl")) == f"cache.ttl in {tmp_path}/pyproject.toml:6"
    assert str(made.source("cache.limit")) == f"cache.limit in {tmp_path}/local.toml:2"


@pytest.mark.parametrize(
    ("name", "content"), [("settings.toml", b"a = = 1"), (".env", b"DEBUG=\xff"), ("settings.toml", b"\xff")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    class WithToml(Project):
        model_config = SettingsConfigDict(toml_file="settings.toml")

    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImproperlyConfigured) as caught:
        WithToml(_root=tmp_path, _environ={})
    assert caught.value.message.startswith(f"{tmp_path / name} cannot be read: ")
    assert caught.value.code == "conf.file"


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(ImproperlyConfigured, match="cannot be read: Is a directory"):
        Project(_root=tmp_path, _environ={})


def test_secrets_of_kubernetes_are_links_and_its_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data/SECRET_KEY").write_text("k\n")
    (tmp_path / "SECRET_KEY").symlink_to("..data/SECRET_KEY")
    (tmp_path / "CACHE__TTL").mkdir()
    made = Project(_root=tmp_path, _environ={}, _secrets_dir=tmp_path)
    assert made.secret_key.get_secret_value() == "k"
    assert made.cache.ttl == 60


def test_a_secrets_folder_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert Project(_root=tmp_path, _environ={}, _secrets_dir="none").debug is False
    assert Project(_root=tmp_path, _environ={}, _secrets_dir=[tmp_path / "none", "none"]).debug is False


def test_two_projects_share_nothing(tmp_path: Path) -> None:
    one, two = settings(tmp_path, AUDIT__KEEP_DAYS="1"), settings(tmp_path, AUDIT__KEEP_DAYS="2")
    assert (one.section(Audit).keep_days, two.section(Audit).keep_days) == (1, 2)
    assert os.environ.get("AUDIT__KEEP_DAYS") is None


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    made = settings(tmp_path)
    for target, name in ((made, "debug"), (made.cache, "ttl"), (made.section(Audit), "url")):
        with pytest.raises(ValueError, match="frozen"):
            setattr(target, name, "x")


def test_copies_know_as_much_as_the_original(tmp_path: Path) -> None:
    made = settings(tmp_path, AUDIT__KEEP_DAYS="7", CACHE__TTL="5")
    for copied in (made.model_copy(update={"debug": True}), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert copied.cache.ttl == 5
        assert copied.section(Audit).keep_days == 7
        assert copied.root == tmp_path
        assert str(copied.source("cache.ttl")) == "CACHE__TTL in the environment"
