"""The examples of RFC 9901 §5 and Appendix A, whole: signatures, digests, what is shown, key binding."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kernel.crypto.jose import InvalidToken, JwkSet, load_claims, verify_jws
from kernel.crypto.sd_jwt.key_binding import check_key_binding
from kernel.crypto.sd_jwt.presentation import SdJwt, unpack

VECTORS = json.loads((Path(__file__).parent / "rfc9901.json").read_text())
EXAMPLES: dict[str, str] = VECTORS["examples"]
ISSUER = JwkSet.load({"keys": [VECTORS["issuer_jwk"]]})
PRESENTED = [name for name in EXAMPLES if name.endswith("presented")]
THEN = datetime(2026, 1, 1, tzinfo=UTC)


def signed_payload(sd_jwt: SdJwt) -> dict[str, Any]:
    return load_claims(verify_jws(sd_jwt.jwt, ISSUER, ["ES256"])[1])


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_verifies_and_unpacks(name: str) -> None:
    sd_jwt = SdJwt.parse(EXAMPLES[name])
    claims = unpack(signed_payload(sd_jwt), sd_jwt.disclosures, open_claims=("iss", "exp", "cnf"))
    assert "_sd" not in json.dumps(claims)
    assert "..." not in json.dumps(claims)


def test_the_main_example_shows_what_the_rfc_says() -> None:
    sd_jwt = SdJwt.parse(EXAMPLES["main presented"])
    claims = unpack(signed_payload(sd_jwt), sd_jwt.disclosures, open_claims=("iss", "exp"))
    assert claims["given_name"] == "John"
    assert claims["family_name"] == "Doe"
    assert claims["nationalities"] == ["US"]
    assert claims["address"]["locality"] == "Anytown"
    assert "email" not in claims
    assert "birthdate" not in claims


@pytest.mark.parametrize("name", PRESENTED)
def test_the_holder_s_key_binding_of_every_presentation_holds(name: str) -> None:
    sd_jwt = SdJwt.parse(EXAMPLES[name])
    binding = check_key_binding(sd_jwt, signed_payload(sd_jwt), THEN)
    assert binding.audience.startswith("https://")
    assert binding.nonce


@pytest.mark.parametrize("name", PRESENTED)
def test_a_presentation_with_one_disclosure_less_is_not_what_the_holder_bound(name: str) -> None:
    sd_jwt = SdJwt.parse(EXAMPLES[name])
    less = SdJwt(sd_jwt.jwt, sd_jwt.disclosures[:-1], sd_jwt.key_binding)
    with pytest.raises(InvalidToken, match="not valid") as refusal:
        check_key_binding(less, signed_payload(sd_jwt), THEN)
    assert "another presentation" in str(refusal.value.reason)
