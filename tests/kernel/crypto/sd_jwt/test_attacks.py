"""What a hostile wallet or issuer might send (RFC 9901 §7.1, §9)."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.jose import InvalidToken
from kernel.crypto.sd_jwt.disclosures import disclosure_digest, make_disclosure, read_disclosure
from kernel.crypto.sd_jwt.hiding import hide
from kernel.crypto.sd_jwt.presentation import SdJwt, unpack

OPEN = ("iss", "exp", "nbf", "cnf", "status", "vct")
NAME = make_disclosure("张三", "name")
CITY = make_disclosure("昆明", "city")


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def payload(*disclosures: str, **members: Any) -> dict[str, Any]:
    return {"iss": "https://a.example", "_sd": [disclosure_digest(each) for each in disclosures], **members}


def reason(claims: dict[str, Any], *disclosures: str) -> str:
    with pytest.raises(InvalidToken) as refusal:
        unpack(claims, disclosures, open_claims=OPEN)
    return str(refusal.value.reason)


def test_a_disclosure_that_nothing_points_to_is_refused() -> None:
    assert reason(payload(NAME), NAME, CITY) == "disclosure: nothing points to it"


def test_a_disclosure_sent_twice_is_refused() -> None:
    assert reason(payload(NAME), NAME, NAME) == "disclosure: sent twice"


@pytest.mark.parametrize("shown", [(), (NAME,)])
def test_a_digest_that_stands_twice_is_refused_even_when_it_is_not_shown(shown: tuple[str, ...]) -> None:
    assert reason(payload(NAME, holder={"_sd": [disclosure_digest(NAME)]}), *shown) == "a digest stands twice"


def test_a_name_that_is_there_already_is_refused() -> None:
    assert "taken" in reason(payload(NAME, name="李四"), NAME)


def test_two_disclosures_of_one_name_are_refused() -> None:
    other = make_disclosure("李四", "name")
    assert "taken" in reason(payload(NAME, other), NAME, other)


@pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
def test_a_disclosure_may_not_bring_a_reserved_name(name: str) -> None:
    hostile = make_disclosure(["x"], name)
    assert "not allowed" in reason(payload(hostile), hostile)


@pytest.mark.parametrize("name", OPEN)
def test_what_decides_on_validity_may_not_be_hidden(name: str) -> None:
    hostile = make_disclosure("x", name)
    claims = {"_sd": [disclosure_digest(hostile)]}
    assert reason(claims, hostile) == "disclosure: this claim may not be hidden"


@pytest.mark.parametrize("algorithm", ["md5", "sha-1", "SHA-256", "", 1, None])
def test_a_hash_that_is_weak_or_unknown_is_refused(algorithm: object) -> None:
    assert reason(payload(NAME, _sd_alg=algorithm), NAME) == "hash is not allowed"


def test_digests_within_a_disclosure_are_followed() -> None:
    inner, disclosures = hide({"street": "人民路"})
    outer = make_disclosure(inner, "address")
    assert unpack(payload(outer), [outer, *disclosures], open_claims=OPEN)["address"] == {"street": "人民路"}
    assert unpack(payload(outer), [outer], open_claims=OPEN)["address"] == {}


def test_a_disclosure_may_not_point_to_itself_through_another() -> None:
    assert reason(payload(NAME), make_disclosure({"_sd": []}, "other"), NAME) == "disclosure: nothing points to it"


@pytest.mark.parametrize("parts", [["salt"], ["salt", "a", "b", "c"], "text", {"a": 1}, [1, "name", "x"], ["s", 1, 2]])
def test_a_disclosure_of_another_shape_is_refused(parts: Any) -> None:
    hostile = encoded(parts)
    assert reason(payload(hostile), hostile).startswith("disclosure: ")


def test_an_element_may_not_have_a_name_nor_a_member_lack_one() -> None:
    element = make_disclosure("x")
    assert reason(payload(element), element) == "disclosure: a member without a name"
    assert reason({"list": [{"...": disclosure_digest(NAME)}]}, NAME) == "disclosure: an element with a name"


@pytest.mark.parametrize("list_", [[{"...": "a", "b": 1}], [{"...": 1}], {"...": "a"}])
def test_a_placeholder_out_of_place_is_refused(list_: Any) -> None:
    assert reason({"list": list_})


@pytest.mark.parametrize("digests", ["text", [1], {"a": 1}, None])
def test_digests_that_are_none_are_refused(digests: Any) -> None:
    assert reason({"_sd": digests}) == "digests are not texts"


def test_an_endless_nesting_is_refused() -> None:
    value: Any = "x"
    for _level in range(200):
        value = [value]
    assert reason({"list": value}) == "nested too deep"


@pytest.mark.parametrize("text", ["", "~", "a.b.c", "a.b~", "a.b.c~~", "a.b.c~d", "a.b.c~d~e.f", "a.b.c.d~"])
def test_a_text_of_another_shape_is_no_sd_jwt(text: str) -> None:
    with pytest.raises(InvalidToken):
        SdJwt.parse(text)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for reader in (SdJwt.parse, read_disclosure):
        try:
            reader(text)
        except InvalidToken:
            continue


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8)
        .filter(lambda name: name not in ("_sd", "...", "_sd_alg"))
        .filter(lambda name: name not in OPEN),
        st.text(max_size=20),
        max_size=6,
    ),
    st.integers(0, 12),
)
def test_what_was_hidden_comes_back_whole(members: dict[str, str], places: int) -> None:
    hidden, disclosures = hide(members, places=places)
    assert len(hidden["_sd"]) == max(places, len(members))
    assert hidden["_sd"] == sorted(hidden["_sd"])
    assert unpack({"holder": hidden}, disclosures, open_claims=OPEN) == {"holder": members}
    assert unpack({"holder": hidden}, [], open_claims=OPEN) == {"holder": {}}
