"""Encrypting an assertion for an application (XML Encryption 1.1, SAML Core §2.3.4, §6)."""

import base64
from dataclasses import dataclass

from idp.saml.wire.markup import XENC, XENC11, Node, element, serialise
from kernel.crypto.certificates import Certificate
from kernel.crypto.encryption.recipient import encrypt_cbc, encrypt_gcm, new_aes_key, wrap_key

AES256_GCM = XENC11 + "aes256-gcm"
AES128_GCM = XENC11 + "aes128-gcm"
AES256_CBC = XENC + "aes256-cbc"
AES128_CBC = XENC + "aes128-cbc"
OAEP_MGF1P = XENC + "rsa-oaep-mgf1p"
OAEP = XENC11 + "rsa-oaep"
SHA256 = XENC + "sha256"
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
MGF1_SHA256 = XENC11 + "mgf1sha256"
DATA = {AES256_GCM: 32, AES128_GCM: 16, AES256_CBC: 32, AES128_CBC: 16}
"""Block encryptions, the best first, with the length of their keys in bytes."""
SAFE = frozenset({AES256_GCM, AES128_GCM})


@dataclass(frozen=True)
class Recipient:
    """Whom to encrypt for, and by which algorithms."""

    certificate: Certificate
    data: str = AES256_GCM
    transport: str = OAEP_MGF1P


def encrypt(assertion: Node, recipient: Recipient) -> Node:
    """`saml:EncryptedAssertion` around this assertion. May block: use a thread."""
    key = new_aes_key(DATA[recipient.data])
    plain = serialise(assertion)
    sealed = encrypt_gcm(key, plain) if recipient.data in SAFE else encrypt_cbc(key, plain)
    data = element(
        "xenc:EncryptedData",
        element("xenc:EncryptionMethod", Algorithm=recipient.data),
        element("ds:KeyInfo", _encrypted_key(key, recipient)),
        _cipher(sealed),
        Type=XENC + "Element",
    )
    return element("saml:EncryptedAssertion", data)


def _encrypted_key(key: bytes, recipient: Recipient) -> Node:
    is_new = recipient.transport == OAEP
    method = element(
        "xenc:EncryptionMethod",
        element("ds:DigestMethod", Algorithm=SHA256 if is_new else SHA1),
        *([element("xenc11:MGF", Algorithm=MGF1_SHA256)] if is_new else []),
        Algorithm=recipient.transport,
    )
    wrapped = wrap_key(recipient.certificate.spki, key, with_sha256=is_new)
    return element("xenc:EncryptedKey", method, _cipher(wrapped))


def _cipher(data: bytes) -> Node:
    value = element("xenc:CipherValue", text=base64.b64encode(data).decode())
    return element("xenc:CipherData", value)
