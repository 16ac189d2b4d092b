"""Tokens hold only when signed by the right key, in the right way, for the right reader, at the right time."""

import base64
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jose import jwt as foreign_jwt

from kernel.crypto.jose import (
    MAX_TOKEN_BYTES,
    InvalidToken,
    JwkSet,
    JwtRules,
    public_jwk,
    sign_jws,
    sign_jwt,
    thumbprint,
    unverified_header,
    verify_jws,
    verify_jwt,
)
from kernel.crypto.private_keys import generate_key
from kernel.errors import InvalidInput

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
CLAIMS = {"iss": "https://id.example", "aud": "vault", "sub": "张三", "iat": AT, "exp": AT + 300}
RULES = JwtRules(("ES256", "RS256", "Ed25519"), "https://id.example", ("vault",), lambda: NOW, types=("at+jwt",))
KEY = generate_key("ES256")
KEYS = JwkSet.of([KEY.public_spki])


def token(key=KEY, *, typ="at+jwt", kid=None, header=None, **changes) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return sign_jwt(claims, key, typ=typ, kid=kid, header=header)


def handmade(header: dict, claims: bytes, key=KEY) -> str:
    """A properly signed token with any header and any payload."""
    return sign_jws(claims, key, header)


def token_input(header: dict, claims: dict) -> str:
    """What would be signed."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return ".".join(parts)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "Ed25519"])
def test_a_token_comes_back(keys, algorithm):
    key = keys[algorithm]
    verified = verify_jwt(token(key), JwkSet.of([KEY.public_spki, key.public_spki]), RULES)
    assert verified.subject == "张三"
    assert verified.issuer == "https://id.example"
    assert verified.audience == ("vault",)
    assert verified.expires_at == datetime.fromtimestamp(AT + 300, UTC)
    assert verified.header["kid"] == thumbprint(key.public_spki)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_second_library_accepts_our_tokens(keys, algorithm):
    key = keys[algorithm]
    options = {"verify_exp": False, "verify_iat": False}
    public = public_jwk(key.public_spki)
    read = foreign_jwt.decode(token(key), public, algorithms=[algorithm], audience="vault", options=options)
    assert read["sub"] == "张三"


def test_we_accept_the_example_of_rfc_7515(vectors):
    example = vectors("jose")["es256"]
    keys = JwkSet.load({"keys": [example["jwk"]]})
    _, payload = verify_jws(example["jws"], keys, ["ES256"])
    claims = json.loads(payload)
    assert (claims["iss"], claims["exp"]) == (example["issuer"], example["expires_at"])


def test_the_thumbprint_is_that_of_rfc_7638(vectors):
    from cryptography.hazmat.primitives import serialization
    from joserfc.jwk import RSAKey

    example = vectors("jose")["thumbprint"]
    key = RSAKey.import_key({"kty": "RSA", "n": example["n"], "e": example["e"]})
    spki = key.public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert thumbprint(spki) == example["thumbprint"]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"iss": ["https://id.example"]},
        {"aud": "other"},
        {"aud": None},
        {"aud": {"vault": 1}},
        {"aud": [["vault"]]},
        {"exp": AT - 30},
        {"exp": None},
        {"exp": str(AT + 300)},
        {"exp": True},
        {"nbf": True},
        {"iat": False},
        {"exp": 10**30},
        {"nbf": AT + 31},
        {"iat": AT + 31},
        {"typ": "JWT"},
        {"typ": "logout+jwt"},
    ],
    ids=str,
)
def test_a_token_for_another_reader_issuer_time_or_use_is_refused(changes):
    with pytest.raises(InvalidToken):
        verify_jwt(token(**changes), KEYS, RULES)


def test_a_little_clock_skew_is_forgiven():
    for changes in ({"exp": AT - 29}, {"nbf": AT + 30}, {"iat": AT + 30}, {"aud": ["x", "vault"]}):
        assert verify_jwt(token(**changes), KEYS, RULES)
    assert verify_jwt(token(typ="application/at+jwt"), KEYS, RULES)


def test_a_token_by_an_unknown_key_is_refused_even_under_a_known_kid():
    stranger = generate_key("ES256")
    for kid in (None, thumbprint(KEY.public_spki)):
        with pytest.raises(InvalidToken):
            verify_jwt(token(stranger, kid=kid), KEYS, RULES)


def test_without_kid_every_fitting_key_is_tried(keys):
    several = JwkSet.of([keys["RS256"].public_spki, generate_key("ES256").public_spki, KEY.public_spki])
    unnamed = handmade({"typ": "at+jwt"}, json.dumps(CLAIMS).encode())
    assert verify_jwt(unnamed, several, RULES)


def test_no_algorithm_but_those_named_is_accepted():
    rs_only = JwtRules(("RS256",), "https://id.example", ("vault",), lambda: NOW)
    with pytest.raises(InvalidToken):
        verify_jwt(token(), KEYS, rs_only)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", ""])
def test_unsigned_and_symmetric_tokens_are_refused(algorithm):
    unsigned = token_input({"alg": algorithm, "typ": "at+jwt"}, CLAIMS) + "."
    for rules in (RULES, JwtRules((algorithm,), "https://id.example", ("vault",), lambda: NOW)):  # type: ignore[arg-type]
        with pytest.raises(InvalidToken):
            verify_jwt(unsigned, KEYS, rules)


def test_a_public_key_is_no_hmac_secret():
    """CVE-2024-33663 and its kin: the verification key used as an HMAC secret."""
    signing_input = token_input({"alg": "HS256", "typ": "at+jwt"}, CLAIMS)
    forged = base64.urlsafe_b64encode(hmac.digest(KEY.public_spki, signing_input.encode(), "sha256")).rstrip(b"=")
    with pytest.raises(InvalidToken):
        verify_jwt(f"{signing_input}.{forged.decode()}", KEYS, RULES)


def test_a_key_sent_along_in_the_header_is_not_used():
    stranger = generate_key("ES256")
    forged = token(stranger, header={"jwk": public_jwk(stranger.public_spki), "jku": "https://evil.example"})
    with pytest.raises(InvalidToken):
        verify_jwt(forged, KEYS, RULES)


@pytest.mark.parametrize("header", [{"crit": ["b64"], "b64": False}, {"crit": []}, {"kid": 5}, {"kid": ["a"]}], ids=str)
def test_headers_we_do_not_honour_are_refused(header):
    with pytest.raises(InvalidToken):
        verify_jwt(handmade({"typ": "at+jwt", **header}, json.dumps(CLAIMS).encode()), KEYS, RULES)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        json.dumps(CLAIMS).encode().replace(b"{", b'{"sub": "x", ', 1),
        b'{"exp": NaN}',
        b'{"exp": 1e999}',
        b"\xff",
        b"[" * 9999,
    ],
    ids=["empty", "list", "null", "duplicate", "nan", "infinity", "not utf-8", "deep"],
)
def test_payloads_that_are_not_plain_objects_are_refused(payload):
    signed = handmade({"typ": "at+jwt"}, payload)
    with pytest.raises(InvalidToken):
        verify_jwt(signed, KEYS, RULES)


@given(st.integers(0, 10_000), st.sampled_from("AZaz09-_."))
def test_a_changed_character_is_refused(position, character):
    original = token()
    place = position % len(original)
    last = original.rfind(".") + 86
    changed = original[:place] + character + original[place + 1 :]
    if changed != original and place != last - 1:
        with pytest.raises(InvalidToken):
            verify_jwt(changed, KEYS, RULES)


@given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}"))
def test_garbage_is_never_more_than_an_invalid_token(garbage):
    with pytest.raises(InvalidToken):
        verify_jwt(garbage, KEYS, RULES)


def test_an_oversized_token_is_refused_unread():
    with pytest.raises(InvalidToken):
        unverified_header(token(sub="x" * MAX_TOKEN_BYTES))


def test_long_headers_of_proofs_of_possession_fit(keys):
    header = {"jwk": public_jwk(keys["RS256"].public_spki)}
    assert verify_jwt(token(header=header), KEYS, RULES)


@pytest.mark.filterwarnings("ignore:Key size")
def test_a_key_set_keeps_what_it_can_use_and_shows_nothing_private():
    from joserfc.jwk import ECKey, RSAKey

    private = ECKey.generate_key("P-256", {"kid": "a"}).as_dict(private=True)
    odd = [
        private,
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "EC"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "future"},
        {**public_jwk(KEY.public_spki), "use": "enc"},
        RSAKey.generate_key(1024).as_dict(private=False),
        "text",
    ]
    document = JwkSet.load({"keys": odd}).document()
    assert [key["kid"] for key in document["keys"]] == ["a"]
    assert "d" not in document["keys"][0]


@pytest.mark.parametrize("document", [None, [], {}, {"keys": None}, {"keys": [{}] * 101}], ids=str)
def test_what_is_no_key_set_is_refused(document):
    with pytest.raises(InvalidInput):
        JwkSet.load(document)


def test_sm2_keys_sign_no_json(keys):
    with pytest.raises(InvalidInput):
        sign_jwt({}, keys["SM2-SM3"])
    with pytest.raises(InvalidInput):
        public_jwk(keys["SM2-SM3"].public_spki)


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_both_names_of_ed25519_are_the_same_algorithm(keys):
    key = keys["Ed25519"]
    own = JwkSet.of([key.public_spki])
    old_name = JwkSet.load({"keys": [{**public_jwk(key.public_spki), "alg": "EdDSA"}]})
    for each in (own, old_name):
        assert verify_jwt(token(key), each, RULES)
    signing_input = token_input({"alg": "EdDSA", "typ": "at+jwt"}, CLAIMS)
    signature = base64.urlsafe_b64encode(key.sign(signing_input.encode())).rstrip(b"=").decode()
    old_rules = JwtRules(("EdDSA",), "https://id.example", ("vault",), lambda: NOW)
    for each in (own, old_name):
        assert verify_jwt(f"{signing_input}.{signature}", each, old_rules)
