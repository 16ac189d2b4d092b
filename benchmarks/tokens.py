"""An ES256 token signed and verified: ours through `kernel.crypto.jose`, the peer is python-jose with PEM keys."""

import time

from cryptography.hazmat.primitives import serialization
from jose import jwt

from benchmarks.measuring import Result, compare
from kernel.clock import system_clock
from kernel.crypto.jose import JwkSet, JwtRules, public_jwk, sign_jwt, thumbprint, verify_jwt
from kernel.crypto.private_keys import generate_key

ISSUER = "https://id.example.gov.cn"


def run() -> Result:
    """Compare a signature and its verification together."""
    key = generate_key("ES256")
    pem = serialization.load_der_private_key(key.to_pkcs8(), None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = serialization.load_der_public_key(key.public_spki).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    keys = JwkSet.load({"keys": [public_jwk(key.public_spki) | {"kid": thumbprint(key.public_spki)}]})
    rules = JwtRules(issuer=ISSUER, audience=(ISSUER,), algorithms=("ES256",), clock=system_clock)
    claims = {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": "somebody",
        "exp": int(time.time()) + 3600,
        "scope": "openid profile",
    }

    def ours() -> None:
        verify_jwt(sign_jwt(claims, key, kid=thumbprint(key.public_spki), typ="JWT"), keys, rules)

    def peer() -> None:
        jwt.decode(
            jwt.encode(claims, pem.decode(), "ES256"), public.decode(), ["ES256"], audience=ISSUER, issuer=ISSUER
        )

    return compare("ES256 token signed and verified", ours, peer, peer_name="python-jose with PEM keys")
