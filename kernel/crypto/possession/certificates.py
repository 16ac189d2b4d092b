"""A client's TLS certificate as a front in front of us passes it on (RFC 8705, RFC 9440)."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote

from kernel.crypto.certificates import Certificate, CertificateUnreadable
from kernel.crypto.der import reader
from kernel.crypto.der.names import OIDS
from kernel.crypto.jose import public_jwk
from kernel.crypto.possession.dpop import jwk_thumbprint
from kernel.errors import InvalidInput

SUBJECT_ALT_NAME = "2.5.29.17"
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_LABELS = {dotted: label for label, dotted in OIDS.items()}
_KINDS = {0x81: "email", 0x82: "dns", 0x86: "uri", 0x87: "ip"}


@dataclass(frozen=True)
class ClientCertificate:
    """One certificate. Whoever took the connection has checked that the client holds its key."""

    certificate: Certificate

    @classmethod
    def read(cls, header: str) -> "ClientCertificate":
        """From a header's value: PEM (also URL-encoded, as nginx has it) or base64 DER (RFC 9440 §2.1, `:…:`).

        Raises InvalidInput.
        """
        text = unquote(header) if "%" in header else header
        found = _PEM.search(text)
        encoded = found[1] if found else text.strip().strip(":")
        try:
            der = base64.b64decode("".join(encoded.split()), validate=True)
            return cls(Certificate.load(der))
        except (binascii.Error, CertificateUnreadable, ValueError) as error:
            raise InvalidInput("The client certificate cannot be read.", reason=type(error).__name__) from error

    @property
    def thumbprint(self) -> str:
        """`x5t#S256`: the SHA-256 of the DER, base64url (RFC 8705 §3.1)."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.certificate.der).digest()).rstrip(b"=").decode()

    @property
    def key_thumbprint(self) -> str:
        """The RFC 7638 thumbprint of its public key. Raises InvalidInput for a key without a JWK form."""
        return jwk_thumbprint(public_jwk(self.certificate.spki))

    @property
    def subject(self) -> str:
        """The subject as RFC 4514 has it, the last attribute first."""
        attributes = reversed(self.certificate.subject.attributes)
        return ",".join(f"{_LABELS.get(kind, kind)}={_escaped(text)}" for kind, text in attributes)

    def is_subject(self, name: str) -> bool:
        """Whether this RFC 4514 text is the subject, but for letter case and spaces after commas."""
        return _folded(name) == _folded(self.subject)

    def alternative_names(self, kind: str) -> frozenset[str]:
        """Subject alternative names of a kind: `dns`, `uri`, `ip`, `email`."""
        value = self.certificate.extension(SUBJECT_ALT_NAME)
        if value is None:
            return frozenset()
        try:
            elements = reader.read_element(value).children(reader.SEQUENCE)
            return frozenset(_text(each) for each in elements if _KINDS.get(each.tag) == kind)
        except (ValueError, IndexError):
            return frozenset()


def _escaped(text: str) -> str:
    escaped = re.sub(r'([,+"\\<>;])', r"\\\1", text)
    return "\\" + escaped if escaped[:1] in {" ", "#"} else escaped


def _folded(name: str) -> str:
    return re.sub(r"(?<!\\),\s+", ",", name).casefold()


def _text(element: reader.Element) -> str:
    if element.tag == 0x87:
        return str(ip_address(element.content))
    return element.content.decode("ascii")
