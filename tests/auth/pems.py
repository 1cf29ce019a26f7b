"""Keys for the tests, made once a run: an RSA key takes a while."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from framework.auth.signing.pem import new_pem


def new_ed() -> str:
    return new_pem("EdDSA").decode()


ED = new_ed()
RSA = (
    rsa.generate_private_key(65537, 2048)
    .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    .decode()
)
