"""Mails by SMTP, on aiosmtplib. Loads it when the mailer is made."""

import asyncio
import logging
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

from framework.errors import FrameworkError, ImproperlyConfigured, Invalid, Unavailable
from framework.mail.mailers.mailer import Mailer
from framework.mail.message import Message
from framework.mail.url import MailURL

if TYPE_CHECKING:
    from aiosmtplib import SMTP

__all__ = ["SmtpMailer"]

log = logging.getLogger("framework.mail")

GOODBYE_SECONDS = 2.0


class SmtpMailer(Mailer):
    """Hands mails to a server, each over a connection of its own. None takes longer than `timeout` seconds."""

    def __init__(self, url: MailURL, *, sender: str, timeout: float = 30) -> None:
        super().__init__(sender=sender)
        try:
            import aiosmtplib
        except ModuleNotFoundError:
            raise ImproperlyConfigured(
                "Mails go by SMTP, and aiosmtplib is not installed.",
                hint="pip install 'framework[mail]'",
                code="mail.extra",
            ) from None
        self._library = aiosmtplib
        self._url = url
        self._timeout = timeout
        self._context = tls_context(url)
        self._hostname: str | None = None

    async def deliver(self, message: Message) -> None:
        """Hand the message to the server. A recipient that it refuses while it takes others is logged."""
        email = message.to_email()
        sender = email["From"].addresses[0].addr_spec
        client = await self._client()
        try:
            async with asyncio.timeout(self._timeout):
                await client.connect()
                refused, _ = await client.send_message(email, sender=sender, recipients=message.recipients)
            with suppress(self._library.SMTPException):  # the mail is sent, whatever comes now
                await client.quit(timeout=GOODBYE_SECONDS)
        except (self._library.SMTPException, OSError) as error:
            raise self._translated(error) from error
        finally:
            client.close()
        for recipient, answer in refused.items():
            log.error("%s was refused as a recipient: %d %s", recipient, answer.code, answer.message)

    async def _client(self) -> "SMTP":
        url = self._url
        if self._hostname is None:
            # The client would ask the resolver for each mail.
            self._hostname = await asyncio.to_thread(socket.getfqdn)
        return self._library.SMTP(
            hostname=url.host,
            port=url.port,
            username=url.username,
            password=url.password if url.username else None,
            use_tls=url.encryption == "tls",
            start_tls={"starttls": True, "opportunistic": None}.get(url.encryption, False),
            tls_context=self._context,
            local_hostname=self._hostname,
            timeout=self._timeout,
        )

    def _translated(self, error: Exception) -> FrameworkError:
        """Return what an error of the client means for whoever sends; its words stay in the cause."""
        library = self._library
        if isinstance(error, library.SMTPRecipientsRefused):
            # All were refused. One that may be taken later is worth another try for all.
            return self._translated(min(error.recipients, key=lambda each: each.code))
        if isinstance(error, library.SMTPResponseException):
            if 400 <= error.code < 500:
                return Unavailable("mail", code="mail.unavailable")
            if isinstance(error, library.SMTPAuthenticationError):
                return self._unusable(f"refused the login of {self._url.username!r}")
            return Invalid("mail", detail="The mail server refused the mail.", code="mail.refused")
        if isinstance(error, library.SMTPNotSupported):
            return Invalid("mail", detail="The mail server cannot take such an address.", code="mail.refused")
        if any(isinstance(each, ssl.SSLCertVerificationError) for each in (error, error.__cause__)):
            return self._unusable("has a certificate that is not trusted")
        if type(error) is library.SMTPException:  # what the client says when the server lacks STARTTLS or logins
            return self._unusable(f"cannot be used as configured ({error.message.rstrip('.')})")
        return Unavailable("mail", code="mail.unavailable")

    def _unusable(self, found: str) -> ImproperlyConfigured:
        return ImproperlyConfigured(
            f"The mail server {self._url.host}:{self._url.port} {found}.",
            hint="Correct MAIL_URL, then try it: python manage.py sendtestmail you@example.com",
            code="mail.server",
        )


def tls_context(url: MailURL) -> ssl.SSLContext | None:
    """Return the context for encrypted connections: certificates are checked against `url.ca`, else the system's."""
    if url.encryption == "none":
        return None
    try:
        return ssl.create_default_context(cafile=url.ca)
    except OSError as error:  # of ssl, too
        raise ImproperlyConfigured(
            f"The certificates for mails in {str(url.ca)!r} cannot be read: {error}.",
            hint="Give `ca` in MAIL_URL a PEM file, as seen from the project's folder.",
            code="mail.url",
        ) from None
