"""Signed JSON: JWS compact and JWT (RFC 7515, 7519, 8725), JWK and thumbprints (RFC 7517, 7638), over joserfc.

Fixed here whatever the library does: asymmetric algorithms named by the caller, keys chosen by kid and type, no `crit`,
no key taken from a header, size limits, no duplicate members, an expiry that must be there.
"""

import base64
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NoReturn

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from kernel.clock import Clock
from kernel.crypto.public_keys import load_public_key
from kernel.crypto.signatures import NO_PSS, PssSigner, SigningKey, der_to_raw
from kernel.errors import AuthenticationRequired, InvalidInput

JwsAlgorithm = Literal["ES256", "ES384", "RS256", "PS256", "Ed25519", "EdDSA"]
AsymmetricKey = ECKey | RSAKey | OKPKey

MAX_TOKEN_BYTES = 32_768
MAX_LIST_BYTES = 1_048_576
_MOST_KEYS = 100
_FITTING: Mapping[str, tuple[str, str | None]] = {
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "Ed25519": ("OKP", "Ed25519"),
    "EdDSA": ("OKP", "Ed25519"),
}
_OF_KEY: Mapping[str, tuple[str, ...]] = {
    "ES256": ("ES256",),
    "RS256": ("RS256", "PS256"),
    "Ed25519": ("Ed25519", "EdDSA"),
}
_PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "n", "e", "kid", "use", "alg")
_KINDS: Mapping[str, type[ECKey] | type[RSAKey] | type[OKPKey]] = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}


class InvalidToken(AuthenticationRequired):
    """A token that does not hold; `reason` says why, for the log."""

    code = "invalid-token"

    def __init__(self, reason: str) -> None:
        super().__init__("The token is not valid.", reason=reason)


@dataclass(frozen=True)
class JwtRules:
    """What a JWT must be to be accepted.

    `audience`: the token must name one of these. `types`: allowed `typ` headers without `application/`, lower case;
    None allows any.
    """

    algorithms: Collection[JwsAlgorithm]
    issuer: str
    audience: Collection[str]
    clock: Clock
    leeway_seconds: int = 30
    types: Collection[str] | None = None


@dataclass(frozen=True)
class VerifiedJwt:
    """A token whose signature, issuer, audience and times hold."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        return str(self.claims["iss"])

    @property
    def subject(self) -> str | None:
        return self.text("sub")

    @property
    def audience(self) -> tuple[str, ...]:
        return _audience(self.claims)

    @property
    def expires_at(self) -> datetime:
        return datetime.fromtimestamp(self.claims["exp"], UTC)

    def text(self, name: str) -> str | None:
        """The claim, if it is a string."""
        value = self.claims.get(name)
        return value if isinstance(value, str) else None


@dataclass(frozen=True)
class _Jwk:
    """A public key and its members as they came. The library gets the key bare: it would judge `alg` its own way."""

    members: Mapping[str, str]
    key: AsymmetricKey

    def may_have_signed(self, kid: str | None, algorithm: str) -> bool:
        key_type, curve = _FITTING[algorithm]
        names = {"Ed25519", "EdDSA"} if key_type == "OKP" else {algorithm}  # RFC 9864 renamed the one
        return (
            self.members["kty"] == key_type
            and curve in (None, self.members.get("crv"))
            and self.members.get("alg", algorithm) in names
            and kid in (None, self.members.get("kid"))
        )


class JwkSet:
    """Public keys to verify with. Keys we cannot use are left out (RFC 7517 §5), private members dropped."""

    def __init__(self, keys: Iterable[_Jwk]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def load(cls, document: object) -> "JwkSet":
        """Read a JWKS document; raises InvalidInput when it is none."""
        keys = document.get("keys") if isinstance(document, Mapping) else None
        if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
            raise InvalidInput("This is not a JSON Web Key Set.")
        loaded = (_load_jwk(key) for key in keys if isinstance(key, Mapping))
        return cls(key for key in loaded if key is not None)

    @classmethod
    def of(cls, spkis: Iterable[bytes]) -> "JwkSet":
        """The set of these public keys (DER SubjectPublicKeyInfo), each with its thumbprint for kid."""
        return cls.load({"keys": [public_jwk(spki) for spki in spkis]})

    def document(self) -> dict[str, list[dict[str, str]]]:
        """The set as JSON to publish."""
        return {"keys": [dict(key.members) for key in self._keys]}

    def candidates(self, kid: str | None, algorithm: str) -> list[AsymmetricKey]:
        """The keys a signature may be by: of the right type, and called `kid` if one is given."""
        return [jwk.key for jwk in self._keys if jwk.may_have_signed(kid, algorithm)]


@lru_cache(maxsize=256)
def _jwk_members(spki: bytes) -> tuple[tuple[str, str], ...]:
    algorithm = load_public_key(spki).algorithm
    if algorithm == "SM2-SM3":
        raise InvalidInput("SM2 keys have no JSON Web Key form.")
    key_type = _FITTING[algorithm][0]
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(spki) + b"-----END PUBLIC KEY-----\n"
    key = _KINDS[key_type].import_key(pem)
    members = {name: str(value) for name, value in key.as_dict(private=False).items() if name in _PUBLIC_MEMBERS}
    return tuple({**members, "kid": key.thumbprint(), "use": "sig", "alg": algorithm}.items())


def public_jwk(spki: bytes) -> dict[str, str]:
    """The JWK of a public key, with its RFC 7638 thumbprint as kid; raises InvalidInput for SM2 keys."""
    return dict(_jwk_members(spki))


def thumbprint(spki: bytes) -> str:
    """RFC 7638 thumbprint, SHA-256, base64url."""
    return public_jwk(spki)["kid"]


def sign_jws(
    payload: bytes, key: SigningKey, header: Mapping[str, object], *, algorithm: JwsAlgorithm | None = None
) -> str:
    """JWS compact serialisation; `alg` is the key's, or `algorithm`: PS256 by an RSA key, EdDSA for Ed25519.

    Raises InvalidInput for an SM2 key, or an algorithm that does not fit the key.
    """
    if key.algorithm == "SM2-SM3":
        raise InvalidInput("SM2 keys have no JSON Web Key form.")
    alg = algorithm or key.algorithm
    if alg not in _OF_KEY[key.algorithm]:
        raise InvalidInput("A {kind} key cannot sign {algorithm}.", kind=key.algorithm, algorithm=alg)
    protected = json.dumps({**header, "alg": alg}, separators=(",", ":")).encode()
    signing_input = _base64url(protected) + b"." + _base64url(payload)
    signature = _sign_pss(key, signing_input) if alg == "PS256" else key.sign(signing_input)
    raw = der_to_raw(signature) if key.algorithm == "ES256" else signature
    return (signing_input + b"." + _base64url(raw)).decode()


def _sign_pss(key: SigningKey, data: bytes) -> bytes:
    if not isinstance(key, PssSigner):
        raise InvalidInput(NO_PSS)
    return key.sign_pss(data)


def sign_jwt(
    claims: Mapping[str, object],
    key: SigningKey,
    *,
    kid: str | None = None,
    typ: str = "JWT",
    header: Mapping[str, object] | None = None,
    algorithm: JwsAlgorithm | None = None,
) -> str:
    """A signed JWT; `kid` defaults to the key's thumbprint. `header`: further parameters; `algorithm` as `sign_jws`."""
    payload = json.dumps(claims, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    protected = {**(header or {}), "typ": typ, "kid": kid or thumbprint(key.public_spki)}
    return sign_jws(payload, key, protected, algorithm=algorithm)


def verify_jws(
    unverified_jws: str, keys: JwkSet, algorithms: Collection[JwsAlgorithm], *, max_bytes: int = MAX_TOKEN_BYTES
) -> tuple[Mapping[str, Any], bytes]:
    """(header, payload) of a JWS one of `keys` signed with one of `algorithms`; raises InvalidToken."""
    header = unverified_header(unverified_jws, max_bytes=max_bytes)
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in algorithms or algorithm not in _FITTING:
        raise InvalidToken("algorithm is not allowed")
    if "crit" in header or not isinstance(kid, str | None):
        raise InvalidToken("header is not acceptable")
    for key in keys.candidates(kid, algorithm):
        try:
            verified = jws.deserialize_compact(unverified_jws, key, [algorithm], _registry())
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
        return header, verified.payload
    raise InvalidToken("no key fits the signature")


def verify_jwt(unverified_jwt: str, keys: JwkSet, rules: JwtRules) -> VerifiedJwt:
    """The token's claims if signature, type, issuer, audience and times hold; raises InvalidToken."""
    header, payload = verify_jws(unverified_jwt, keys, rules.algorithms)
    kind = str(header.get("typ", "")).lower().removeprefix("application/")
    if rules.types is not None and kind not in rules.types:
        raise InvalidToken("wrong type")
    claims = _load_object(payload)
    if claims.get("iss") != rules.issuer:
        raise InvalidToken("wrong issuer")
    if not set(_audience(claims)) & set(rules.audience):
        raise InvalidToken("wrong audience")
    _check_times(claims, rules)
    return VerifiedJwt(header, claims)


def unverified_header(unverified_jws: str, *, max_bytes: int = MAX_TOKEN_BYTES) -> dict[str, Any]:
    """The protected header, of which nothing is proven; raises InvalidToken when there is none."""
    if len(unverified_jws) > max_bytes or unverified_jws.count(".") != 2:
        raise InvalidToken("not a compact JWS")
    encoded = unverified_jws.partition(".")[0]
    try:
        return _load_object(base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True))
    except ValueError as error:
        raise InvalidToken("header is not base64url") from error


def unverified_payload(unverified_jws: str) -> dict[str, Any]:
    """The claims, of which nothing is proven; raises InvalidToken when there are none."""
    unverified_header(unverified_jws)
    encoded = unverified_jws.split(".")[1]
    try:
        return _load_object(base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True))
    except ValueError as error:
        raise InvalidToken("payload is not base64url") from error


def load_claims(payload: bytes) -> dict[str, Any]:
    """The JSON object of a verified payload, without duplicate members; raises InvalidToken."""
    return _load_object(payload)


def _check_times(claims: Mapping[str, Any], rules: JwtRules) -> None:
    now = rules.clock().timestamp()
    expires_at = _number(claims, "exp")
    not_before = _number(claims, "nbf") if "nbf" in claims else 0
    issued_at = _number(claims, "iat") if "iat" in claims else 0
    if now >= expires_at + rules.leeway_seconds:
        raise InvalidToken("expired")
    if now < max(not_before, issued_at) - rules.leeway_seconds:
        raise InvalidToken("not yet valid")


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 253_402_300_800:
        raise InvalidToken(f"{name} is not a time")
    return value


def _audience(claims: Mapping[str, Any]) -> tuple[str, ...]:
    audience = claims.get("aud")
    values = [audience] if isinstance(audience, str) else audience
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _load_object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidToken("not JSON") from error
    if not isinstance(value, dict):
        raise InvalidToken("not a JSON object")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _load_jwk(document: Mapping[str, Any]) -> _Jwk | None:
    kind = _KINDS.get(str(document.get("kty")))
    if kind is None or document.get("use", "sig") != "sig":
        return None
    members = {name: document[name] for name in _PUBLIC_MEMBERS if isinstance(document.get(name), str)}
    bare = {name: value for name, value in members.items() if name not in ("kid", "use", "alg")}
    try:
        key = kind.import_key(bare)
        usable = not isinstance(key, RSAKey) or key.public_key.key_size >= 2048
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return _Jwk(members, key) if usable else None


@lru_cache(maxsize=1)
def _registry() -> jws.JWSRegistry:
    registry = jws.JWSRegistry(algorithms=list(_FITTING), strict_check_header=False)
    registry.max_header_length = 8192  # DPoP and x5c headers are longer than the library expects
    registry.max_payload_length = MAX_LIST_BYTES  # status lists too; callers set the limit that fits
    return registry


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
