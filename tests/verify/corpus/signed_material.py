"""What the house signs beside files: credentials, QR codes, status lists, checkpoints; and the keys of attackers."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kernel.crypto.cose import sign_cose
from kernel.crypto.jose import sign_jws, thumbprint
from kernel.crypto.private_keys import PrivateKey, generate_key
from kernel.crypto.sd_jwt.disclosures import disclosure_digest, make_disclosure
from kernel.crypto.sd_jwt.hiding import hide
from licence_vault.status.encoding import StatusArray
from tests.licence_vault.forms.wallet import Wallet
from tests.seal.pki import NOW
from tests.verify.world import HANDLE, IDENTIFIER, PUBLIC_URL, qr_key_entry, seconds
from verify.trust_list.document import QrKey

ISSUER = PUBLIC_URL
DIGEST = "ab" * 32
VCT = f"{ISSUER}/api/v1/credential-types/11100000MB0143028R001/1"
STATUS_URI = f"{ISSUER}/api/v1/status/1"
PLACE, SIZE = 4711, 1 << 14
AUDIENCE, NONCE = "https://bank.example", "n-1"
REVOKED, SUSPENDED = 1, 2


def key_of(key: PrivateKey, issuer: str = ISSUER) -> QrKey:
    """A key on the trust list, under the issuer's address."""
    entry = qr_key_entry(key)
    return QrKey(entry.kid, entry.algorithm, entry.spki, issuer)


def encoded(value: Any) -> str:
    """base64url of JSON, as in a JWS."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@dataclass
class SignedMaterial:
    """Keys, and what was signed with them at `NOW`."""

    credential_key: PrivateKey = field(default_factory=lambda: generate_key("ES256"))
    qr_key: PrivateKey = field(default_factory=lambda: generate_key("ES256"))
    status_key: PrivateKey = field(default_factory=lambda: generate_key("ES256"))
    other_issuer: PrivateKey = field(default_factory=lambda: generate_key("ES256"))
    stranger: PrivateKey = field(default_factory=lambda: generate_key("ES256"))
    wallet: Wallet = field(default_factory=Wallet)

    def __post_init__(self) -> None:
        person = {"kind": "natural", "id_type": "111", "number": "110101199003070011", "name": "林小满"}
        holder, of_holder = hide(person)
        fields, of_fields = hide({"licence_number": "JY1", "business_form": "catering"}, places=6)
        number = make_disclosure("JY1", "number")
        self.disclosures = [*of_holder, number, *of_fields]
        self.claims: dict[str, Any] = {
            "iss": ISSUER,
            "iat": int(NOW.timestamp()),
            "nbf": int((NOW - timedelta(days=9)).timestamp()),
            "exp": int((NOW + timedelta(days=900)).timestamp()),
            "identifier": IDENTIFIER,
            "content_digest": DIGEST,
            "vct": VCT,
            "vct#integrity": "sha256-x",
            "holder": holder,
            "fields": fields,
            "_sd": [disclosure_digest(number)],
            "_sd_alg": "sha-256",
            "cnf": {"jwk": self.wallet.public_key},
            "status": {"status_list": {"idx": PLACE, "uri": STATUS_URI}},
        }

    @property
    def keys(self) -> dict[str, Sequence[QrKey]]:
        """The members of the trust list; another issuer is trusted too, for its own."""
        other = key_of(self.other_issuer, "https://elsewhere.example")
        return {
            "credential_keys": [key_of(self.credential_key), other],
            "qr_keys": [key_of(self.qr_key), other],
            "status_keys": [key_of(self.status_key), other],
        }

    def token(self, claims: Mapping[str, Any] | None = None, *, key: PrivateKey | None = None, **header: Any) -> str:
        """A JWS over the claims by the house's credential key, or another."""
        signer = key or self.credential_key
        head = {"typ": "dc+sd-jwt", "kid": thumbprint(signer.public_spki), **header}
        body = json.dumps(self.claims if claims is None else claims).encode()
        return sign_jws(body, signer, {name: value for name, value in head.items() if value})

    def shown(self, token: str | None = None, disclosures: Sequence[str] | None = None) -> str:
        """The credential with all its disclosures, unbound."""
        listed = self.disclosures if disclosures is None else disclosures
        return "~".join((token or self.token(), *listed, ""))

    def bound(self, shown: str | None = None, **changes: Any) -> str:
        """The same, signed by its holder's wallet."""
        text = shown or self.shown()
        digest = encoded(hashlib.sha256(text.encode()).digest())
        claims = {"iat": int(NOW.timestamp()), "aud": AUDIENCE, "nonce": NONCE, "sd_hash": digest}
        header = {"typ": changes.pop("typ", "kb+jwt")}
        wallet: Wallet = changes.pop("wallet", self.wallet)
        merged = {name: value for name, value in (claims | changes).items() if value is not None}
        return text + wallet.sign(merged, **header)

    def qr_claims(self, **changes: Any) -> dict[int, object]:
        """What a static QR code says."""
        claims: dict[int, object] = {
            1: "11430000006122244L",
            2: IDENTIFIER,
            4: seconds((NOW + timedelta(days=900)).date()),
            5: seconds((NOW - timedelta(days=9)).date()),
            6: int(NOW.timestamp()),
            -70001: "营业执照",
            -70002: "**************244L",
            -70003: "*******公司",
        }
        return claims | {int(name.replace("n", "-").removeprefix("c")): value for name, value in changes.items()}

    def qr_bytes(self, claims: Mapping[int, object] | None = None, key: PrivateKey | None = None) -> bytes:
        """COSE_Sign1."""
        return sign_cose(claims or self.qr_claims(), key or self.qr_key)

    def qr(self, message: bytes | None = None) -> str:
        """The whole text of a printed code."""
        data = self.qr_bytes() if message is None else message
        return f"{PUBLIC_URL.upper()}/V/{HANDLE}#{base64.b32encode(data).decode().rstrip('=')}"

    def status_claims(self, marked: Mapping[int, int] | None = None, **changes: Any) -> dict[str, Any]:
        """A list on which the licence stands as revoked, unless `marked` says otherwise."""
        marks = {PLACE: REVOKED} if marked is None else marked
        listed = {"bits": 2, "lst": StatusArray.of(SIZE, marks).lst}
        now = int(NOW.timestamp())
        return {
            "iss": ISSUER, "sub": STATUS_URI, "iat": now, "exp": now + 86400, "ttl": 60, "status_list": listed,
        } | changes  # fmt: skip

    def status_token(
        self, claims: Mapping[str, Any] | None = None, *, key: PrivateKey | None = None, typ: str = "statuslist+jwt"
    ) -> str:
        """The list, signed."""
        body = json.dumps(self.status_claims() if claims is None else claims).encode()
        signer = key or self.status_key
        return sign_jws(body, signer, {"typ": typ, "kid": thumbprint(signer.public_spki)})


def at(moment: datetime) -> int:
    """Seconds since 1970."""
    return int(moment.timestamp())
