"""How often somebody may try: to log in, to confirm with a password, to have a mail sent, to use a link."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from sqlalchemy import or_

from framework.auth.client import current_client
from framework.auth.logins import normal_email, normal_username
from framework.auth.models import Login, SecurityEvent
from framework.auth.services.audit import Audit
from framework.db import ReadSession, col, select
from framework.errors import Throttled
from framework.services import service
from framework.throttling import Throttler
from framework.users import UserBase

__all__ = ["Attempts"]

# Each is a name in `throttling.rates` too, by which a project sets others.
LOGIN = "auth.login", "5/minute; 20/hour"
"""Logins to one account from one client, until one succeeds."""
LOGIN_CLIENT = "auth.login.client", "60/minute; 600/hour"
"""Logins from one client, whatever the account."""
LOGIN_ACCOUNT = "auth.login.account", "10/minute; 30/hour; 100/day"
"""Logins to one account from clients it is not known to, whatever they are."""
CONFIRM = "auth.confirm", "5/minute; 20/hour"
"""Passwords that somebody who is logged in gives once more."""
MAIL = "auth.mail", "5/hour"
"""Mails of one kind to one address. A link is good for as long, so who is refused one has a good one already."""
MAIL_CLIENT = "auth.mail.client", "10/minute; 60/hour"
"""Mails that one client has sent."""
LINK_CLIENT = "auth.link.client", "30/minute; 300/hour"
"""Links that one client uses."""
REFRESH = "auth.refresh", "60/minute"
"""Tokens that one user refreshes."""
REFRESH_CLIENT = "auth.refresh.client", "300/minute"
"""Tokens that one client refreshes."""
SAID = "auth.refused", "1/minute"
"""Refusals that are recorded, of one kind and key: a flood is no reason to fill the audit."""

KNOWN_FOR = timedelta(days=90)
PROOFS = ("login", "password.reset")
"""Events that make a client known to an account: it knew the password, or read the mails."""
MOST_CLIENTS = 500


@service
class Attempts:
    """Counts attempts and raises `Throttled` for those beyond a rate, in services, so wherever they are asked from.

    Logins are counted by account and client together, by client, and by account. The last is what keeps guesses from
    many addresses few, and alone could be used to lock somebody out: so it does not hold for a client from which the
    account was logged into, or its password reset, within 90 days. Who is refused elsewhere resets the password, and is
    let in. Attempts count before they are looked at, so a thousand at once are counted like a thousand in a row, and
    whether there is such an account changes nothing.
    """

    def __init__(self, throttler: Throttler, reading: ReadSession, audit: Audit, model: type[UserBase]) -> None:
        self._throttler = throttler
        self._reading = reading
        self._audit = audit
        self._model = model

    async def log_in(self, login: str) -> None:
        """Count an attempt to log in."""
        account, client = normal_email(login), client_key()
        await self._hit(LOGIN_CLIENT, client, login)
        await self._hit(LOGIN, f"{account} {client}", login)
        try:
            await self._hit(LOGIN_ACCOUNT, account, login)
        except Throttled:
            if not client or not await self._is_known(login, client):
                raise

    async def logged_in(self, login: str) -> None:
        """Forget the failures that came before a success; only those from the same client, or guessers had it easy."""
        name, rates = LOGIN
        await self._throttler.reset(name, f"{normal_email(login)} {client_key()}", rates)

    async def confirm(self, user: UserBase) -> None:
        """Count a password that a user gives once more."""
        await self._hit(CONFIRM, str(user.id), user.email)

    async def confirmed(self, user: UserBase) -> None:
        """Forget the failures that came before a success."""
        name, rates = CONFIRM
        await self._throttler.reset(name, str(user.id), rates)

    async def send(self, kind: str, email: str) -> None:
        """Count a mail that is to be sent on somebody's demand."""
        await self._hit(MAIL_CLIENT, client_key(), email)
        await self._hit(MAIL, f"{kind} {email}", email)

    async def sent(self, kind: str, email: str) -> None:
        """Forget the mails of a kind, once one did its work."""
        name, rates = MAIL
        await self._throttler.reset(name, f"{kind} {email}", rates)

    async def follow(self) -> None:
        """Count a link of a mail that somebody uses."""
        await self._hit(LINK_CLIENT, client_key(), "")

    async def refresh(self, user_id: int | None = None) -> None:
        """Count a refresh token: by client before it is looked at, by user when it is known whose it is."""
        if user_id is None:
            await self._hit(REFRESH_CLIENT, client_key(), "")
        else:
            await self._hit(REFRESH, str(user_id), "")

    async def _hit(self, limit: tuple[str, str], key: str, login: str) -> None:
        name, rates = limit
        if not key:
            return  # a command: nobody's address
        try:
            await self._throttler.hit(name, key, rates)
        except Throttled:
            said = await self._throttler.count(SAID[0], f"{name} {key}", SAID[1])
            if said and said[-1].allowed:
                await self._audit.record("attempt.refused", login=normal_email(login), details={"limit": name})
            raise

    async def _is_known(self, login: str, client: str) -> bool:
        """Tell whether an account was lately used from `client`. Asks the same where there is no such account."""
        model, since = self._model, datetime.now(UTC) - KNOWN_FOR
        account = or_(col(model.email) == normal_email(login), col(model.username) == normal_username(login))
        # Both, as a project may keep no events, and no logins of browsers.
        events = (
            select(SecurityEvent.client)
            .join(model, col(model.id) == col(SecurityEvent.user_id))
            .where(account, col(SecurityEvent.kind).in_(PROOFS), col(SecurityEvent.at) > since)
        )
        logins = (
            select(Login.client)
            .join(model, col(model.id) == col(Login.user_id))
            .where(account, col(Login.created_at) > since)
        )
        found = await self._reading.scalars(events.union(logins).limit(MOST_CLIENTS))
        return any(network(address) == client for address in found)


def client_key() -> str:
    """Return what the client at hand is counted by; empty for a command."""
    return network(current_client.get().address)


def network(address: str) -> str:
    """Return the address; of IPv6 the /64 that one customer has."""
    if ":" not in address:
        return address
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False))
