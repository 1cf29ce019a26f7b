"""Every bad value in one message: setting, found, wanted, source."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from framework.conf import Section, Settings
from framework.db.settings import DatabaseSettings
from framework.errors import ImproperlyConfigured


class Group(BaseModel):
    size: int = 1


class Cache(Section):
    ttl: int = Field(default=60, gt=0)
    mode: Literal["on", "off"] = "on"
    pepper: SecretStr = Field(default=SecretStr("x" * 8), min_length=8)
    password: str = "none"
    limit: int | bool = 1
    group: Group = Group()


class Audit(Section):
    prefix: ClassVar[str] = "audit"

    token: str
    keep_days: int = 30


class Project(Settings):
    cache: Cache = Cache()
    database: DatabaseSettings = DatabaseSettings()


def refused(make: Callable[[], object]) -> ImproperlyConfigured:
    with pytest.raises(ImproperlyConfigured) as caught:
        make()
    assert caught.value.code in ("conf.invalid", "conf.prefix")
    return caught.value


def test_every_bad_value_is_in_one_message_with_its_source(tmp_path: Path) -> None:
    class WithToml(Project):
        model_config = SettingsConfigDict(toml_file="settings.toml")

    (tmp_path / ".env").write_text("\n# comment\nCACHE__TTL=soon\nCACHE__GROUP__SIZE=big\n")
    (tmp_path / "settings.toml").write_text('[cache]\n# why\nmode = "maybe"\n')
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/SERVICES").write_text("[1")
    error = refused(
        lambda: WithToml(
            _root=tmp_path,
            _environ={"DEBUG": "perhaps", "DATABASE_URL": "mysql://ann:hunter2@h/d", "CACHE__PEPPER": "hunter2"},
            _secrets_dir="secrets",
        )
    )
    assert str(error) == (
        f"""7 settings cannot be used:
  debug: found 'perhaps'; wanted a valid boolean; from DEBUG in the environment
  services: found '[1'; wanted a valid dictionary; from {tmp_path}/secrets/SERVICES
  cache.ttl: found 'soon'; wanted a valid integer; from CACHE__TTL in {tmp_path}/.env:3
  cache.mode: found 'maybe'; wanted 'on' or 'off'; from cache.mode in {tmp_path}/settings.toml:3
  cache.pepper: found '**********'; wanted: value should have at least 8 items after validation, not 7; """
        f"""from CACHE__PEPPER in the environment
  cache.group.size: found 'big'; wanted a valid integer; from CACHE__GROUP__SIZE in {tmp_path}/.env:4
  database.url: found 'mysql://ann:***@h/d'; The database URL starts with 'mysql://'; wanted """
        """'postgresql://user:password@host/name' or 'sqlite:///file.sqlite3'.; from DATABASE_URL in the environment"""
        """  [conf.invalid]"""
    )


def test_the_message_holds_no_secret_and_no_cause_that_does(tmp_path: Path) -> None:
    error = refused(
        lambda: Project(
            _root=tmp_path,
            _environ={"CACHE": '{"password": ["hunter2"], "pepper": ["hunter2"]}', "DATABASE_URL": "u:hunter2@h/d"},
        )
    )
    assert "hunter2" not in "".join(traceback.format_exception(error))
    assert error.__suppress_context__


def test_a_union_is_one_setting_and_says_all_that_was_wanted(tmp_path: Path) -> None:
    error = refused(lambda: Project(_root=tmp_path, _environ={"CACHE__LIMIT": "x"}))
    assert error.message.splitlines()[1] == (
        "  cache.limit: found 'x'; wanted a valid integer or a valid boolean; from CACHE__LIMIT in the environment"
    )


def test_a_bad_item_of_a_list_is_named_with_the_list_s_source(tmp_path: Path) -> None:
    class Sized(Settings):
        sizes: tuple[int, ...] = ()

    error = refused(lambda: Sized(_root=tmp_path, _environ={"SIZES": "1,x"}))
    assert error.message.endswith("sizes.1: found 'x'; wanted a valid integer; from SIZES in the environment")


def test_a_wrong_keyword_in_code_is_an_error_with_its_line_and_the_near_match(tmp_path: Path) -> None:
    line = test_a_wrong_keyword_in_code_is_an_error_with_its_line_and_the_near_match.__code__.co_firstlineno + 2
    error = refused(lambda: Project(_root=tmp_path, _environ={}, debgu=True))
    assert error.message == (
        "1 setting cannot be used:\n"
        f"  debgu: there is no such setting. Did you mean debug?; from a keyword in {__file__}:{line}"
    )


def test_a_wrong_keyword_of_a_section_is_an_error() -> None:
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        Cache(tttl=1)  # type: ignore[call-arg]  # what the test is about
    error = refused(lambda: Project(_environ={}, _env_file=None, cache={"tttl": 1}))
    assert "cache.tttl: there is no such setting. Did you mean ttl?; from a keyword in" in error.message


def test_an_undeclared_section_says_what_is_missing_and_which_variable_to_set(tmp_path: Path) -> None:
    error = refused(lambda: Project(_root=tmp_path, _environ={"AUDIT__KEEP_DAYS": "x"}).section(Audit))
    assert error.message == (
        "2 settings cannot be used:\n"
        "  audit.token: found nothing; wanted a value in AUDIT__TOKEN\n"
        "  audit.keep_days: found 'x'; wanted a valid integer; from AUDIT__KEEP_DAYS in the environment"
    )


def test_a_missing_platform_value_is_asked_for_by_the_platform_s_name(tmp_path: Path) -> None:
    class Replica(Section):
        prefix: ClassVar[str] = "replica"
        variables: ClassVar[dict[str, str]] = {"REPLICA_URL": "url"}
        url: str

    class WithPrefix(Project):
        model_config = SettingsConfigDict(env_prefix="SITE_")
        needed: int

    assert "wanted a value in REPLICA_URL" in str(refused(lambda: Project(_environ={}).section(Replica)))
    assert "wanted a value in SITE_NEEDED" in str(refused(lambda: WithPrefix(_root=tmp_path, _environ={})))


def test_all_sections_of_the_apps_are_in_one_message(tmp_path: Path) -> None:
    class Mail(Section):
        prefix: ClassVar[str] = "mail"
        port: int = 25

    made = Project(_root=tmp_path, _environ={"MAIL__PORT": "x", "AUDIT__TOKEN": "t", "AUDIT__KEEP_DAYS": "y"})
    error = refused(lambda: made.load_sections([Audit, Mail]))
    assert [line.split(":")[0].strip() for line in error.message.splitlines()[1:]] == ["audit.keep_days", "mail.port"]


def test_a_bad_default_in_code_is_named_with_its_file_and_line(
    write: Callable[[str, str], Path], load: Callable[[str], Any]
) -> None:
    path = write(
        "site_settings.py",
        """
        from framework.conf import Section, Settings

        class Things(Section):
            size: int = "big"

        class ProjectSettings(Settings):
            debug: bool = "perhaps"
            things: Things
        """,
    )
    error = refused(lambda: load("site_settings").ProjectSettings(_environ={}))
    assert error.message == (
        "2 settings cannot be used:\n"
        f"  debug: found 'perhaps'; wanted a valid boolean; from ProjectSettings in {path}:7\n"
        f"  things.size: found 'big'; wanted a valid integer; from Things in {path}:4"
    )


def test_a_validator_s_own_words_are_kept(tmp_path: Path) -> None:
    class Checked(Settings):
        name: str = "a"
        low: int = 1
        high: int = 2

        @field_validator("name")
        @classmethod
        def short(cls, value: str) -> str:
            if len(value) > 3:
                raise ValueError("wanted at most three letters")
            return value

        @model_validator(mode="after")
        def ordered(self) -> Self:
            if self.low > self.high:
                raise ValueError("low is above high")
            return self

    error = refused(lambda: Checked(_root=tmp_path, _environ={"NAME": "long"}))
    assert error.message.endswith("name: found 'long'; wanted at most three letters; from NAME in the environment")
    error = refused(lambda: Checked(_root=tmp_path, _environ={"LOW": "9", "SECRET_KEY": "hunter2"}))
    assert error.message == "1 setting cannot be used:\n  Checked: low is above high"


def test_two_sections_with_one_prefix_are_an_error(tmp_path: Path) -> None:
    class Other(Section):
        prefix: ClassVar[str] = "audit"

    class Taken(Section):
        prefix: ClassVar[str] = "cache"

    class Plain(Section):
        prefix: ClassVar[str] = "debug"

    made = Project(_root=tmp_path, _environ={"AUDIT__TOKEN": "t"})
    here = __name__
    error = refused(lambda: made.load_sections([Audit, Other]))
    assert str(error).startswith(
        f"Two sections have the prefix 'audit': {here}.Audit and "
        f"{here}.test_two_sections_with_one_prefix_are_an_error.<locals>.Other.\n  Hint: "
    )
    assert "Two sections have the prefix 'audit'" in refused(lambda: made.section(Other)).message
    assert f"'cache': {here}.Cache and" in refused(lambda: made.section(Taken)).message
    assert f"'debug': {here}.Project and" in refused(lambda: made.section(Plain)).message


def test_two_declared_sections_of_one_type_need_the_app_s_name(tmp_path: Path) -> None:
    class Twice(Settings):
        audit: Audit = Audit(token="a")
        archive: Audit = Audit(token="b")

    class Neither(Settings):
        one: Audit = Audit(token="a")
        two: Audit = Audit(token="b")

    assert Twice(_root=tmp_path, _environ={}).section(Audit).token == "a"
    error = refused(lambda: Neither(_root=tmp_path, _environ={}).section(Audit))
    assert str(error) == (
        "Neither has 2 sections of Audit: one, two.\n  Hint: Name the one that the app means 'audit'.  [conf.prefix]"
    )


def test_an_unknown_variable_with_a_section_s_prefix_is_found_with_the_near_match(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CACHE__TTTL=5\nOTHER__TTTL=5\nCACHE_TTL=5\n")
    made = Project(_root=tmp_path, _environ={"AUDIT__TOKEN": "t", "AUDIT__ZZZ": "1", "DEBUG__X": "1"})
    assert [(found.text, found.hint) for found in made.unknown_variables()] == [
        (f"CACHE__TTTL in {tmp_path}/.env:1 is not read: 'cache' has no such setting.", "Did you mean CACHE__TTL?")
    ]
    made.section(Audit)
    assert [(found.source.name, found.hint) for found in made.unknown_variables()] == [
        ("AUDIT__ZZZ", None),
        ("CACHE__TTTL", "Did you mean CACHE__TTL?"),
    ]


def test_an_unknown_variable_deeper_down_gets_the_near_match_of_its_level(tmp_path: Path) -> None:
    made = Project(_root=tmp_path, _environ={"CACHE__GROUP__SIZ": "1", "CACHE__GROP__SIZE": "1", "CACHE__TTL__X": "1"})
    assert {found.source.name: found.hint for found in made.unknown_variables()} == {
        "CACHE__GROUP__SIZ": "Did you mean CACHE__GROUP__SIZE?",
        "CACHE__GROP__SIZE": "Did you mean CACHE__GROUP__SIZE?",
        "CACHE__TTL__X": None,
    }


def test_a_misspelt_variable_is_found_in_env_files_and_not_in_the_environment(tmp_path: Path) -> None:
    lines = ["DEBGU=1", "ALOWED_HOSTS=a", "CAHCE__TTL=1", "TEST_DEBUG=1", "CACHE_TTL=1", "SIZE=1", "CAHCE=1"]
    (tmp_path / ".env").write_text("\n".join(lines))
    made = Project(_root=tmp_path, _environ={"DEBBUG": "1"})
    assert [(found.text, found.hint) for found in made.unknown_variables()] == [
        (f"DEBGU in {tmp_path}/.env:1 is not read: there is no such setting.", "Did you mean DEBUG?"),
        (f"ALOWED_HOSTS in {tmp_path}/.env:2 is not read: there is no such setting.", "Did you mean ALLOWED_HOSTS?"),
        (f"CAHCE__TTL in {tmp_path}/.env:3 is not read: there is no such setting.", "Did you mean CACHE__TTL?"),
    ]


def test_an_unknown_variable_warns_and_stops_nothing(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    assert Project(_root=tmp_path, _environ={"CACHE__TTTL": "5"}).cache == Cache()
    assert not recwarn.list


def test_an_unknown_table_of_toml_is_found(tmp_path: Path) -> None:
    class WithToml(Project):
        model_config = SettingsConfigDict(toml_file="settings.toml")

    (tmp_path / "settings.toml").write_text("debgu = true\n[audit]\ntoken = 't'\n")
    made = WithToml(_root=tmp_path, _environ={})
    made.section(Audit)
    found = made.unknown_variables()
    assert [(one.text, one.hint) for one in found] == [
        (f"debgu in {tmp_path}/settings.toml:1 is not read: nothing has a setting of this name.", "Did you mean debug?")
    ]
