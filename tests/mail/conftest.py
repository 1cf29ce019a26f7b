"""A real SMTP server on this test's loop, and projects that send mails."""

import asyncio
import ssl
import sys
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, str(Path(__file__).parent))


@dataclass
class Server:
    """What a server does and has seen. Replies are taken in order; without one it says yes."""

    port: int = 0
    replies: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    envelopes: list[Envelope] = field(default_factory=list[Envelope])
    encrypted: list[bool] = field(default_factory=list[bool])
    hang: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def reply(self, command: str, otherwise: str) -> str:
        return self.replies[command].pop(0) if self.replies.get(command) else otherwise

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self.reply(address, "") or self.reply("RCPT", "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        self.arrived.set()
        if self.hang is not None:
            await self.hang.wait()
        answer = self.reply("DATA", "250 OK")
        if answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(message_from_bytes(envelope.content, policy=default))
            self.envelopes.append(envelope)
            self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return answer


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"ann", b"p@ss/word"), handled=False)


type StartServer = Callable[..., Awaitable[Server]]


@pytest.fixture
async def start_server(certificate: Path) -> AsyncGenerator[StartServer]:
    """Return a function that starts an SMTP server: `await start_server(starttls=True, login=True)`."""
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with AsyncExitStack() as stack:

        async def start(
            *, starttls: bool = False, tls: bool = False, login: bool = False, utf8: bool = True, **state: Any
        ) -> Server:
            server = Server(**state)

            def protocol() -> SMTP:
                with warnings.catch_warnings(action="ignore"):  # it doesn't know that tls=True encrypts as well
                    return SMTP(
                        server,
                        tls_context=context if starttls else None,
                        authenticator=authenticate if login else None,
                        auth_required=login,
                        auth_require_tls=not tls,
                        enable_SMTPUTF8=utf8,
                        loop=loop,
                    )

            listener = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if tls else None)
            stack.callback(listener.close)
            server.port = listener.sockets[0].getsockname()[1]
            return server

        yield start


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that only those trust who are told to, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "test.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) + made.public_bytes(pem)
    )
    return path
