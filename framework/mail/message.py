"""A mail. Knows no server and no template."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from uuid import uuid4

from framework.errors import Invalid
from framework.mail.addresses import parse_address, refuse_control_characters

__all__ = ["Attachment", "Message"]

OWN = {"from", "to", "cc", "bcc", "reply-to", "sender", "subject", "date", "message-id", "mime-version"}
"""Headers that a message writes itself; so are those that begin with `Content-`."""
HEADER_NAME = re.compile(r"[!-9;-~]+")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with a mail."""

    name: str
    """What the file is called."""
    content: bytes = field(repr=False)
    """Its bytes."""
    type: str = "application/octet-stream"
    """Its media type."""

    def __post_init__(self) -> None:
        refuse_control_characters(self.name, "attachments")
        if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", self.type, re.ASCII):
            problem = f"{self.type!r} is no media type; wanted one such as 'application/pdf'."
            raise Invalid("mail", fields={"attachments": problem}, code="mail.header")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail, sound from the start: `Invalid` is raised for what is no address, and for a line break in any header.

    Addresses are `ann@example.com` or `Ann <ann@example.com>`; one of them may stand without a list. It keeps its id
    and date however often it is sent, so that a receiver who gets it twice can tell.
    """

    to: str | Iterable[str]
    """Whom it is for."""
    subject: str
    """One line."""
    text: str = ""
    """What it says, for every reader."""
    html: str | None = None
    """The same, for readers that show HTML."""
    sender: str = ""
    """Whom it is from; whoever `mail.sender` names when left out."""
    reply_to: str | Iterable[str] = ()
    """Whom answers go to, when not to the sender."""
    cc: str | Iterable[str] = ()
    """Who else gets it, for all to see."""
    bcc: str | Iterable[str] = ()
    """Who else gets it, unseen: named to the server and in no header."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """More headers, such as `List-Unsubscribe`."""
    attachments: tuple[Attachment, ...] = ()
    """Files that come with it."""
    id: str = field(default_factory=lambda: uuid4().hex)
    """The part of `Message-ID` before the sender's domain."""
    date: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When it was written."""

    def __post_init__(self) -> None:
        refuse_control_characters(self.subject, "subject")
        if self.sender:
            parse_address(self.sender, "sender")
        for name in ("reply_to", "to", "cc", "bcc"):
            self._addresses(name)
        if not self.recipients:
            raise Invalid("mail", fields={"to": "There is nobody to send it to."}, code="mail.address")
        for name, value in self.headers.items():
            self._check_header(name, value)

    @property
    def recipients(self) -> list[str]:
        """The bare addresses of all who get it, each once."""
        found = [address.addr_spec for name in ("to", "cc", "bcc") for address in self._addresses(name)]
        return list(dict.fromkeys(found))

    def to_email(self) -> EmailMessage:
        """Return the mail of the standard library, with every header but `Bcc`. It needs a sender."""
        sender = parse_address(self.sender, "sender")
        email = EmailMessage(policy=SMTP)
        email["From"] = sender
        for name, header in (("to", "To"), ("cc", "Cc"), ("reply_to", "Reply-To")):
            if addresses := self._addresses(name):
                email[header] = addresses
        email["Subject"] = self.subject
        email["Date"] = self.date
        # Not the machine's name, which `make_msgid` would look up and tell everybody.
        email["Message-ID"] = f"<{self.id}@{sender.domain}>"
        for name, value in self.headers.items():
            email[name] = value
        self._write_content(email)
        return email

    def _write_content(self, email: EmailMessage) -> None:
        if self.text or self.html is None:
            email.set_content(self.text)
        if self.html is not None:
            write = email.add_alternative if self.text else email.set_content
            write(self.html, subtype="html")
        for attachment in self.attachments:
            maintype, _, subtype = attachment.type.partition("/")
            email.add_attachment(attachment.content, maintype=maintype, subtype=subtype, filename=attachment.name)

    def _addresses(self, name: str) -> list[Address]:
        value: str | Iterable[str] = getattr(self, name)
        if not isinstance(value, str | tuple):
            value = tuple(value)
            object.__setattr__(self, name, value)  # an iterator is read once
        return [parse_address(text, name) for text in ((value,) if isinstance(value, str) else value)]

    def _check_header(self, name: str, value: str) -> None:
        if name.lower() in OWN or name.lower().startswith("content-"):
            raise Invalid("mail", fields={"headers": f"{name!r} is written by the mail itself."}, code="mail.header")
        if not HEADER_NAME.fullmatch(name):
            raise Invalid("mail", fields={"headers": f"{name!r} is no name of a header."}, code="mail.header")
        refuse_control_characters(value, "headers")
