"""A wallet as tests need it: a key of its own, what it shows, and its signature over that."""

import base64
import hashlib
import json
import time
from collections.abc import Collection
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey

from kernel.crypto.sd_jwt.disclosures import read_disclosure
from kernel.crypto.sd_jwt.presentation import SdJwt


class Wallet:
    """Holds one P-256 key."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256")

    @property
    def public_key(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.key.as_dict(private=False).items() if name != "kid"}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        return jws.serialize_compact(
            {"alg": "ES256", **header},
            json.dumps(claims),
            self.key,
            registry=jws.JWSRegistry(strict_check_header=False),
        )

    def show(self, credential: str, names: Collection[str], *, nonce: str = "n-1", **changes: Any) -> str:
        """A presentation of the disclosures with these names, bound to the wallet's key."""
        shown = show(credential, names)
        digest = base64.urlsafe_b64encode(hashlib.sha256(shown.encode()).digest()).rstrip(b"=").decode()
        claims = {"iat": int(time.time()), "aud": "https://bank.example", "nonce": nonce, "sd_hash": digest}
        return shown + self.sign(claims | changes, typ="kb+jwt")


def show(credential: str, names: Collection[str]) -> str:
    """A presentation of the disclosures with these names, bound to nothing."""
    sd_jwt = SdJwt.parse(credential)
    chosen = [text for text in sd_jwt.disclosures if read_disclosure(text).name in names]
    return SdJwt(sd_jwt.jwt, tuple(chosen)).shown
