"""The commands of logins and keys."""

import io
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, update

from framework import Project, Settings
from framework.auth import ActionTokens, AuthSettings, Login, Logins, Passwords, RefreshToken, Tokens, Users
from framework.auth.commands.changepassword import changepassword
from framework.auth.commands.clearsessions import clearsessions
from framework.auth.commands.createkey import createkey
from framework.auth.commands.revoke import revoke
from framework.auth.services import ApiKeys
from framework.auth.settings import TokenSettings
from framework.auth.signing.access import AccessTokens
from framework.auth.signing.keys import SigningKeys
from framework.db import Session, select
from framework.errors import CommandError, Invalid
from framework.users.models import User


async def make_ann(project: Project) -> User:
    async with project.scope() as scope:
        return await (await scope.get(Users[User])).create(email="ann@example.com")


async def counts(project: Project) -> tuple[int, int]:
    async with project.scope() as scope:
        session = await scope.get(Session)
        return tuple(  # type: ignore[return-value]
            [(await session.exec(select(func.count()).select_from(model))).one() for model in (Login, RefreshToken)]
        )


async def test_clearsessions_deletes_what_is_over_and_nothing_else(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    user = await make_ann(project)
    now = datetime.now(UTC)
    async with project.scope() as scope:
        logins, tokens = await scope.get(Logins), await scope.get(Tokens)
        kept = [await logins.start_session(user) for _ in range(2)]
        ended, old, idle = [(await logins.start_session(user)).login for _ in range(3)]
        pair = await tokens.issue(user)
        gone = await tokens.issue(user)
        await tokens.refresh(pair.refresh_token)
        await tokens.revoke(gone.refresh_token)
        ended.ended_at, old.expires_at, idle.used_at = now, now, now - timedelta(days=15)
        await logins.end_session(kept[1].secret)
        links = await scope.get(ActionTokens)
        for ttl in (-1, 60):
            await links.issue("verify_email", user.email, ttl=ttl, user=user)
    async with project.scope() as scope:
        await clearsessions(await scope.get(Logins), await scope.get(ActionTokens))
    assert capsys.readouterr().out == "Deleted 5 logins, 1 refresh token and 1 link.\n"
    assert await counts(project) == (2, 2)  # one session; one family, with the token used up that must not come again
    async with project.scope() as scope:
        await (await scope.get(Session)).execute(update(RefreshToken).values(expires_at=now))
    async with project.scope() as scope:
        await clearsessions(await scope.get(Logins), await scope.get(ActionTokens))
    assert capsys.readouterr().out == "Deleted 0 logins, 2 refresh tokens and 0 links.\n"


async def test_revoke_logs_a_user_out_everywhere_and_leaves_keys_unless_told(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    user = await make_ann(project)
    async with project.scope() as scope:
        await (await scope.get(Logins)).start_session(user)
        await (await scope.get(Tokens)).issue(user)
        await (await scope.get(ApiKeys)).create(user, "mine")

    async def run(login: str, **options: Any) -> str:
        async with project.scope() as scope:
            users, logins, keys = await scope.get(Users), await scope.get(Logins), await scope.get(ApiKeys)
            await revoke(login, users, logins, keys, **options)
        return capsys.readouterr().out

    assert await run("Ann@example.com", keys=False) == "Logged ann@example.com out on 2 devices.\n"
    async with project.scope() as scope:
        assert await (await scope.get(Logins)).all(user) == []
        assert len(await (await scope.get(ApiKeys)).all(user)) == 1
    assert await run("ann@example.com", keys=True) == ("Logged ann@example.com out on 0 devices.\nRevoked 1 API key.\n")
    with pytest.raises(CommandError, match=r"No user logs in by 'bob@example.com'\."):
        await run("bob@example.com")


async def test_changepassword_ends_every_login_and_makes_links_worthless(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await make_ann(project)
    async with project.scope() as scope:
        await (await scope.get(Logins)).start_session(user)
        await (await scope.get(Tokens)).issue(user)
        link = await (await scope.get(ActionTokens)).issue("reset_password", user.email, ttl=60, user=user)
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    async with project.scope() as scope:
        services = [await scope.get(type_) for type_ in (Users, Passwords, Logins, ApiKeys, ActionTokens)]
        await changepassword(project, *services, login="ann@example.com")  # type: ignore[arg-type]
    async with project.scope() as scope:
        assert await (await scope.get(Logins)).all(user) == []
        with pytest.raises(Invalid, match="not valid any more"):
            await (await scope.get(ActionTokens)).peek("reset_password", link)
        await (await scope.get(Users)).authenticate("ann@example.com", "correct horse battery")


def settings_of(root: Path, **tokens: Any) -> Settings:
    auth = AuthSettings(tokens=TokenSettings(**tokens))
    hermetic: dict[str, Any] = {"_environ": {}, "_env_file": None, "_secrets_dir": None}
    return Settings(_root=root, secret_key="only for tests " * 4, auth=auth, **hermetic)


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
def test_a_created_key_signs_by_the_settings_that_the_command_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], algorithm: Any
) -> None:
    createkey(settings_of(tmp_path), None, algorithm)
    name = f"keys/{datetime.now(UTC):%Y-%m-%d}.pem"
    printed = capsys.readouterr().out
    assert f"AUTH__TOKENS__ALGORITHM={algorithm}\n" in printed
    assert f"AUTH__TOKENS__KEYS='[\"{name}\"]'\n" in printed
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    environ = dict(line.strip().split("=", 1) for line in printed.splitlines() if line.startswith("    "))
    environ["AUTH__TOKENS__KEYS"] = environ["AUTH__TOKENS__KEYS"].strip("'")
    read = Settings(_root=tmp_path, _environ=environ, _env_file=None, _secrets_dir=None)  # type: ignore[arg-type]
    tokens = read.section(AuthSettings).tokens
    made = AccessTokens(SigningKeys.of(read, tokens), tokens)
    from uuid import uuid4

    assert made.verify(made.make(1, uuid4())).user_id == 1


def test_git_does_not_see_a_created_key(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    createkey(settings_of(tmp_path), None, "EdDSA")
    status = subprocess.run(["git", "status", "--short", "-uall"], cwd=tmp_path, capture_output=True, check=True)
    assert status.stdout == b""


def test_the_next_key_comes_before_those_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    createkey(settings_of(tmp_path, keys=("keys/old.pem",)), "keys/new.pem", "EdDSA")
    assert 'KEYS=\'["keys/new.pem", "keys/old.pem"]\'' in capsys.readouterr().out


def test_a_key_goes_to_the_output_for_who_keeps_secrets_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    createkey(settings_of(tmp_path), "-", "EdDSA")
    assert capsys.readouterr().out.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert list(tmp_path.iterdir()) == []


def test_no_key_is_written_over_another(tmp_path: Path) -> None:
    createkey(settings_of(tmp_path), "key.pem", "EdDSA")
    before = (tmp_path / "key.pem").read_bytes()
    with pytest.raises(CommandError, match="exists already"):
        createkey(settings_of(tmp_path), "key.pem", "EdDSA")
    assert (tmp_path / "key.pem").read_bytes() == before
    with pytest.raises(CommandError, match="cannot be written"):
        createkey(settings_of(tmp_path), "key.pem/inside.pem", "EdDSA")
