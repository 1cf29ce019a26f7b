"""The settings of mails. Loads no client."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from framework.conf import Section
from framework.errors import ImproperlyConfigured
from framework.mail.addresses import is_address
from framework.mail.url import MailURL

__all__ = ["MailSettings"]


def usable(url: str) -> str:
    """Refuse a URL at load that no mail could be sent by later."""
    try:
        MailURL.parse(url, root=Path())
    except ImproperlyConfigured as error:
        raise ValueError(error.message) from None
    return url


def one_address(sender: str) -> str:
    """Refuse a sender that is no address."""
    if not is_address(sender):
        raise ValueError("wanted an address, such as 'no-reply@example.com' or 'Example <no-reply@example.com>'")
    return sender


class MailSettings(Section):
    """Where mails go and whom they are from. Times are in seconds."""

    variables: ClassVar[dict[str, str]] = {"MAIL_URL": "url"}

    url: Annotated[str, AfterValidator(usable)] = "console:"
    """Who takes the mails: `smtp://user:password@host:587`, `smtps://…`, `console:`, `file:folder` or `memory:`."""
    sender: Annotated[str, AfterValidator(one_address)] = "no-reply@localhost"
    """Whom a mail is from that doesn't say: an address, or `Name <address>`."""
    timeout: PositiveFloat = 30
    """How long handing over one mail may take, connecting included."""
    connections: PositiveInt = 4
    """Mails handed over at the same time at most."""
    queue: PositiveInt = 1000
    """Mails of the outbox that wait or are under way at most; one more is refused."""
    attempts: PositiveInt = 6
    """How often the outbox tries to hand a mail over while the server says that another time it may work."""
    backoff: PositiveFloat = 5
    """The pause before the second attempt; each further one is twice as long."""
    drain: Annotated[NonNegativeFloat, Field(le=3600)] = 10
    """How long a project that stops waits for the mails of its outbox."""
