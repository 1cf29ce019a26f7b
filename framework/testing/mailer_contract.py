"""What every mailer must do."""

from collections.abc import Callable, Sequence
from email.message import EmailMessage
from typing import Any, cast

from framework.mail import Attachment, Mailer, Message

__all__ = ["MailerContract"]

SENDER = "Site <no-reply@example.com>"
TEXT = "Grüße\n.\n..\nFrom here to there\n" + "a long line " * 200 + "\nEnde ☃\n"

type Arrived = Callable[[], Sequence[EmailMessage]]
"""Returns the mails that arrived, in order."""


class MailerContract:
    """Subclass it with two fixtures: `mailer`, made with the sender `SENDER`, and `arrived`, which reads what came."""

    SENDER = SENDER

    async def test_a_mail_arrives_as_it_was_written(self, mailer: Mailer, arrived: Arrived) -> None:
        """Nothing of a mail is lost on its way: letters, long lines, dots, files."""
        attachment = Attachment("Rechnung März.bin", bytes(range(256)))
        await mailer.send(
            Message(
                to="Ann Ö <ann@example.com>",
                cc="bob@example.com",
                reply_to="help@example.com",
                subject="Grüße " * 30,
                text=TEXT,
                html="<p>☃</p>",
                headers={"List-Unsubscribe": "<https://example.com/u>"},
                attachments=(attachment,),
            )
        )
        (email,) = arrived()
        assert [email[name] for name in ("To", "Cc", "Reply-To")] == [
            "Ann Ö <ann@example.com>",
            "bob@example.com",
            "help@example.com",
        ]
        assert email["Subject"].strip() == ("Grüße " * 30).strip()
        assert email["List-Unsubscribe"] == "<https://example.com/u>"
        assert content(email, "plain") == TEXT
        assert content(email, "html").strip() == "<p>☃</p>"
        (file,) = email.iter_attachments()
        assert (file.get_filename(), file.get_content()) == (attachment.name, attachment.content)

    async def test_a_mail_without_a_sender_is_from_the_mailers(self, mailer: Mailer, arrived: Arrived) -> None:
        """Whom a mail is from, when it doesn't say."""
        await mailer.send(Message(to="a@example.com", subject="1"))
        await mailer.send(Message(to="a@example.com", subject="2", sender="b@example.org"))
        assert [email["From"] for email in arrived()] == [SENDER, "b@example.org"]

    async def test_who_gets_a_hidden_copy_stands_nowhere(self, mailer: Mailer, arrived: Arrived) -> None:
        """Nobody reads who else got it unseen."""
        await mailer.send(Message(to="a@example.com", bcc="hidden@example.com", subject="1", text="x"))
        assert all("hidden" not in email.as_string() for email in arrived())

    async def test_sending_a_message_again_keeps_its_id_and_date(self, mailer: Mailer, arrived: Arrived) -> None:
        """Who gets a mail twice can tell."""
        message = Message(to="a@example.com", subject="1")
        await mailer.send(message)
        await mailer.send(message)
        assert {email["Message-ID"] for email in arrived()} == {f"<{message.id}@example.com>"}
        assert {email["Date"].datetime.replace(microsecond=0) for email in arrived()} == {
            message.date.replace(microsecond=0)
        }

    async def test_a_mailer_that_was_closed_opens_anew(self, mailer: Mailer, arrived: Arrived) -> None:
        """Closing ends nothing for good."""
        await mailer.close()
        await mailer.send(Message(to="a@example.com", subject="1"))
        assert len(arrived()) == 1


def content(email: EmailMessage, kind: str) -> str:
    """Return the text of a mail, with the line ends of Python."""
    body = cast("Any", email.get_body((kind,)))
    return body.get_content().replace("\r\n", "\n")
