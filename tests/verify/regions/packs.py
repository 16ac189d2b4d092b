"""A trust pack as another region publishes it, without a house around it."""

import json
from datetime import datetime

from kernel.crypto.cose import key_id
from kernel.crypto.jose import sign_jwt
from kernel.crypto.private_keys import PrivateKey
from verify.trust_list.document import QrKey, TrustList

WEST = "https://west.example"


def region_pack(key: PrivateKey, at: datetime, issuer: str = WEST) -> bytes:
    """One key does everything."""
    entry = QrKey(key_id(key.public_spki).hex(), key.algorithm, key.public_spki, issuer)
    body = TrustList(issued_at=at, qr_keys=[entry], receipt_keys=[entry], status_keys=[entry]).to_json()
    claims = {"iss": issuer, "iat": int(at.timestamp()), "digest": body["digest"]}
    signed = body | {"signature": sign_jwt(claims, key, typ="receipt+jwt")}
    return json.dumps({"trust_list": signed, "status_lists": []}).encode()
