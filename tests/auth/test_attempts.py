"""How often somebody may try, and that this locks nobody out of their own account."""

import asyncio

import pytest

from framework import Project
from framework.auth import Accounts, Attempts, Audit, Registration, Users
from framework.auth.services import Logins
from framework.auth.services.attempts import network
from framework.auth.settings import AuditSettings
from framework.errors import DomainError, Invalid, Throttled, Unauthenticated
from framework.testing import Mailbox
from framework.throttling import ThrottlingSettings
from tests.auth.conftest import MakeSite
from tests.auth.flows import OTHER, PASSWORD, From, ask, kinds, make_user, settings, token_of

pytestmark = pytest.mark.timeout(120)


on_both_stores = pytest.mark.parametrize("store", ["memory", "redis"])


@pytest.fixture
def store() -> str:
    """Where attempts are counted, unless a test says otherwise."""
    return "memory"


@pytest.fixture
def project(request: pytest.FixtureRequest, make_site: MakeSite, store: str) -> Project:
    url = "memory" if store == "memory" else request.getfixturevalue("redis_url")
    # Fixed, because a sliding window may let one more through while the test runs; patient, because a server that a
    # loaded machine keeps for a second counts for gone, and then the process counts by itself.
    return make_site(auth=settings(), throttling=ThrottlingSettings(url=url, strategy="fixed", timeout=20))


async def log_in(
    project: Project, password: str, address: str, login: str = "ann@example.com"
) -> type[DomainError] | None:
    """Log in from an address, and return what that raised."""
    with From(address):
        try:
            async with project.scope() as scope:
                user = await (await scope.get(Users)).authenticate(login, password)
                await (await scope.get(Logins)).start_family(user)
        except DomainError as error:
            return type(error)
    return None


@on_both_stores
async def test_guesses_from_one_client_end_soon_and_the_right_password_is_no_exception(
    project: Project, mailbox: Mailbox
) -> None:
    await make_user(project)
    found = [await log_in(project, "wrong", "203.0.113.1") for _ in range(5)]
    assert found == [Unauthenticated] * 5
    assert await log_in(project, PASSWORD, "203.0.113.1") is Throttled
    assert await log_in(project, PASSWORD, "203.0.113.2") is None, "the owner, elsewhere"


async def test_a_refusal_says_when_to_come_back(project: Project, mailbox: Mailbox) -> None:
    for _ in range(5):
        await log_in(project, "wrong", "203.0.113.1")
    with From("203.0.113.1"), pytest.raises(Throttled) as caught:
        await ask(project, Users, lambda users: users.authenticate("ann@example.com", "wrong"))
    assert 0 < caught.value.retry_after <= 60
    assert caught.value.limit == 5


@on_both_stores
async def test_a_success_forgets_the_failures_before_it(project: Project, mailbox: Mailbox) -> None:
    await make_user(project)
    for _ in range(3):
        for _ in range(4):
            assert await log_in(project, "wrong", "203.0.113.1") is Unauthenticated
        assert await log_in(project, PASSWORD, "203.0.113.1") is None


@on_both_stores
async def test_of_many_guesses_at_once_no_more_are_looked_at_than_in_a_row(project: Project, mailbox: Mailbox) -> None:
    await make_user(project)
    found = await asyncio.gather(*(log_in(project, "wrong", "203.0.113.1") for _ in range(30)))
    assert (found.count(Unauthenticated), found.count(Throttled)) == (5, 25)


async def test_an_account_that_is_not_there_is_throttled_like_one_that_is(project: Project, mailbox: Mailbox) -> None:
    await make_user(project)
    for login in ("ann@example.com", "nobody@example.com"):
        found = [await log_in(project, "wrong", "203.0.113.1", login) for _ in range(7)]
        assert found == [Unauthenticated] * 5 + [Throttled] * 2


async def test_writing_a_login_differently_gains_no_guesses(project: Project, mailbox: Mailbox) -> None:
    logins = [
        "ann@example.com",
        "ANN@EXAMPLE.COM",
        " ann@example.com ",
        "\uff41nn@example\uff0ecom",
        "Ann@example.com",
        "aNN@example.com",
    ]
    found = [await log_in(project, "wrong", "203.0.113.1", login) for login in logins]
    assert found[-1] is Throttled


class TestLockOut:
    """An attacker with many addresses uses up the guesses that an account allows."""

    @pytest.fixture
    async def attacked(self, project: Project, mailbox: Mailbox) -> Project:
        await make_user(project)
        assert await log_in(project, PASSWORD, "198.51.100.7") is None, "the owner's own address"
        found = [await log_in(project, "wrong", f"203.0.113.{number}") for number in range(12)]
        assert found[-1] is Throttled, "guesses from ever new addresses end, too"
        return project

    @on_both_stores
    async def test_the_owner_still_logs_in_from_a_client_that_is_known(self, attacked: Project) -> None:
        assert await log_in(attacked, PASSWORD, "198.51.100.7") is None

    async def test_a_project_that_stores_no_events_knows_its_clients_by_their_logins(self, make_site: MakeSite) -> None:
        quiet = settings().model_copy(update={"audit": AuditSettings(store=False)})
        project = make_site(auth=quiet, throttling=ThrottlingSettings(rates={"auth.login.account": "1/minute"}))
        async with project.lifespan():
            await make_user(project)
            assert await log_in(project, PASSWORD, "198.51.100.7") is None
            assert await log_in(project, PASSWORD, "203.0.113.1") is Throttled
            assert await log_in(project, PASSWORD, "198.51.100.7") is None

    async def test_guesses_from_a_known_client_are_as_few_as_from_any(self, attacked: Project) -> None:
        found = [await log_in(attacked, "wrong", "198.51.100.7") for _ in range(7)]
        assert found == [Unauthenticated] * 5 + [Throttled] * 2

    async def test_the_owner_elsewhere_resets_the_password_and_is_let_in(
        self, attacked: Project, mailbox: Mailbox
    ) -> None:
        assert await log_in(attacked, PASSWORD, "192.0.2.9") is Throttled
        with From("192.0.2.9"):
            await ask(attacked, Accounts, lambda accounts: accounts.forgot_password("ann@example.com"))
            (mail,) = await mailbox.read()
            await ask(attacked, Accounts, lambda accounts: accounts.reset_password(token_of(mail), OTHER))
        assert await log_in(attacked, OTHER, "192.0.2.9") is None

    async def test_who_asked_for_too_many_mails_in_a_victims_name_left_a_link_that_is_good(
        self, attacked: Project, mailbox: Mailbox
    ) -> None:
        with From("203.0.113.99"):
            for _ in range(5):
                await ask(attacked, Accounts, lambda accounts: accounts.forgot_password("ann@example.com"))
        mails = await mailbox.read()
        with From("192.0.2.9"):
            with pytest.raises(Throttled):
                await ask(attacked, Accounts, lambda accounts: accounts.forgot_password("ann@example.com"))
            await ask(attacked, Accounts, lambda accounts: accounts.reset_password(token_of(mails[-1]), OTHER))
            await ask(attacked, Accounts, lambda accounts: accounts.forgot_password("ann@example.com"))
        assert await log_in(attacked, OTHER, "192.0.2.9") is None

    async def test_other_accounts_are_not_touched(self, attacked: Project) -> None:
        await make_user(attacked, "bob@example.com")
        assert await log_in(attacked, PASSWORD, "192.0.2.9", "bob@example.com") is None


async def test_one_client_tries_many_accounts_not_for_long(project: Project, mailbox: Mailbox) -> None:
    found = [await log_in(project, "wrong", "203.0.113.1", f"user{number}@example.com") for number in range(61)]
    assert (found[:60], found[60]) == ([Unauthenticated] * 60, Throttled)


async def test_the_addresses_of_one_customer_count_as_one() -> None:
    assert network("2001:db8:1:2:3:4:5:6") == network("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert network("::ffff:203.0.113.1") == "203.0.113.1"
    assert network("203.0.113.1") == "203.0.113.1"
    assert network("testclient") == "testclient"
    assert network("x:y") == "x:y"


async def test_mails_to_one_address_and_from_one_client_are_few(project: Project, mailbox: Mailbox) -> None:
    async def forgot(address: str, email: str) -> bool:
        with From(address):
            try:
                await ask(project, Accounts, lambda accounts: accounts.forgot_password(email))
            except Throttled:
                return False
        return True

    assert [await forgot(f"203.0.113.{number}", "ann@example.com") for number in range(6)] == [True] * 5 + [False]
    assert [await forgot("192.0.2.1", f"user{number}@example.com") for number in range(11)] == [True] * 10 + [False]


async def test_registrations_are_throttled_alike_whether_or_not_the_address_is_taken(
    project: Project, mailbox: Mailbox
) -> None:
    await make_user(project)

    async def register(number: int, email: str) -> bool:
        with From(f"203.0.113.{number}"):
            try:
                await ask(project, Registration, lambda r: r.register(email=email))
            except Throttled:
                return False
        return True

    for email in ("ann@example.com", "new@example.com"):
        assert [await register(number, email) for number in range(6)] == [True] * 5 + [False]


async def test_a_session_in_wrong_hands_guesses_the_password_not_for_long(project: Project, mailbox: Mailbox) -> None:
    ann = await make_user(project)
    for _ in range(5):
        with pytest.raises(Invalid):
            await ask(project, Accounts, lambda accounts: accounts.delete(ann, "wrong"))
    with pytest.raises(Throttled):
        await ask(project, Accounts, lambda accounts: accounts.delete(ann, PASSWORD))


async def test_refusals_are_recorded_once_and_not_a_flood_of_them(project: Project, mailbox: Mailbox) -> None:
    for _ in range(30):
        await log_in(project, "wrong", "203.0.113.1")
    await ask(project, Audit, lambda audit: audit.settled())
    assert sorted(await kinds(project)) == ["attempt.refused", *["login.failed"] * 5]


async def test_the_project_sets_other_rates_by_their_names(make_site: MakeSite) -> None:
    project = make_site(throttling=ThrottlingSettings(rates={"auth.login": "1/minute"}))
    async with project.lifespan():
        found = [await log_in(project, "wrong", "203.0.113.1") for _ in range(2)]
    assert found == [Unauthenticated, Throttled]


async def test_a_command_is_counted_by_account_alone(project: Project, mailbox: Mailbox) -> None:
    found = [await log_in(project, "wrong", "", f"user{number}@example.com") for number in range(70)]
    assert found == [Unauthenticated] * 70


async def test_refreshing_is_throttled_by_client_and_by_user(project: Project, mailbox: Mailbox) -> None:
    with From("203.0.113.1"):
        for _ in range(300):
            await ask(project, Attempts, lambda attempts: attempts.refresh())
        with pytest.raises(Throttled):
            await ask(project, Attempts, lambda attempts: attempts.refresh())
    for _ in range(60):
        await ask(project, Attempts, lambda attempts: attempts.refresh(1))
    with pytest.raises(Throttled):
        await ask(project, Attempts, lambda attempts: attempts.refresh(1))
