"""What a seal's policy lets whom do."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.audit.chain import SYSTEM
from kernel.errors import InvalidInput
from kernel.principal import Organisation, Principal
from seal.seals.use_policy import (
    IntendedUse,
    PinRequired,
    StepUpRequired,
    UsePolicy,
    UseRefused,
    check_use_policy,
    level_of,
)

OWNER, OTHER = "11990000MB0000000J", "12990000MB0000000F"
PERSON = IntendedUse("person", "li", OWNER, frozenset({"officer"}), "urn:xinyin:acr:l3")
PROGRAM = IntendedUse("program", "agency", OWNER)


def test_a_seal_without_a_policy_is_used_by_its_owners_people_programs_and_the_vault() -> None:
    for use in (PERSON, PROGRAM, IntendedUse.by_vault("T1"), IntendedUse.by_operator(SYSTEM)):
        check_use_policy(UsePolicy(), OWNER, use)


@pytest.mark.parametrize("organisation", [OTHER, None])
def test_other_organisations_are_refused_unless_they_are_named(organisation: str | None) -> None:
    stranger = IntendedUse("person", "wang", organisation, acr="urn:xinyin:acr:l4")

    with pytest.raises(UseRefused, match="own organisation"):
        check_use_policy(UsePolicy(), OWNER, stranger)
    check_use_policy(UsePolicy(organisations=(OTHER,)), OWNER, IntendedUse("person", "wang", OTHER))


def test_the_vault_seals_the_licence_types_that_are_named() -> None:
    named = UsePolicy(licence_types=("T1",))

    check_use_policy(named, OWNER, IntendedUse.by_vault("T1"))
    with pytest.raises(UseRefused, match="T2"):
        check_use_policy(named, OWNER, IntendedUse.by_vault("T2"))
    with pytest.raises(UseRefused, match="automatically"):
        check_use_policy(UsePolicy(vault=False), OWNER, IntendedUse.by_vault("T1"))


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        (UsePolicy(persons=("li",)), True),
        (UsePolicy(persons=("wang",)), False),
        (UsePolicy(roles=("officer",)), True),
        (UsePolicy(roles=("approver",)), False),
        (UsePolicy(persons=("wang",), roles=("officer",)), True),
        (UsePolicy(persons=("wang",), roles=("approver",)), False),
    ],
)
def test_persons_and_roles_say_who(policy: UsePolicy, *, allowed: bool) -> None:
    if allowed:
        check_use_policy(policy, OWNER, PERSON)
    else:
        with pytest.raises(UseRefused, match="not among those"):
            check_use_policy(policy, OWNER, PERSON)


def test_a_seal_may_ask_for_a_stronger_proof_of_who_somebody_is() -> None:
    check_use_policy(UsePolicy(acr_level=3), OWNER, PERSON)
    with pytest.raises(StepUpRequired) as refused:
        check_use_policy(UsePolicy(acr_level=4), OWNER, PERSON)

    assert refused.value.challenge == (
        'Bearer error="insufficient_user_authentication", acr_values="urn:xinyin:acr:l4"'
    )


def test_a_seal_may_ask_for_its_pin() -> None:
    check_use_policy(UsePolicy(pin=True), OWNER, IntendedUse("person", "li", OWNER, pin_proven=True))
    with pytest.raises(PinRequired):
        check_use_policy(UsePolicy(pin=True), OWNER, PERSON)


@pytest.mark.parametrize("policy", [UsePolicy(programs=False), UsePolicy(pin=True), UsePolicy(acr_level=1)])
def test_a_program_cannot_use_a_seal_that_wants_a_person(policy: UsePolicy) -> None:
    with pytest.raises(UseRefused):
        check_use_policy(policy, OWNER, PROGRAM)


def test_a_token_says_who_asks() -> None:
    officer = Principal(
        "li", "console", acr="urn:xinyin:acr:l2", organisation=Organisation(OWNER, "x"), roles=frozenset({"officer"})
    )
    program = Principal("agency", "agency", organisation=Organisation(OWNER, "x"))

    assert IntendedUse.by(officer) == IntendedUse("person", "li", OWNER, frozenset({"officer"}), "urn:xinyin:acr:l2")
    assert IntendedUse.by(program) == IntendedUse("program", "agency", OWNER)


@pytest.mark.parametrize(
    ("stored", "field"),
    [
        ({"vault": 1}, "vault"),
        ({"colour": "red"}, "colour"),
        ({"roles": "officer"}, "roles"),
        ({"roles": ["Officer!"]}, "roles"),
        ({"organisations": ["123"]}, "organisations"),
        ({"persons": ["x y"]}, "persons"),
        ({"licence_types": ["x"] * 201}, "licence_types"),
        ({"acr_level": 5}, "acr_level"),
        ({"acr_level": True}, "acr_level"),
    ],
)
def test_a_policy_that_cannot_be_read_names_its_fault(stored: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        UsePolicy.read(stored)

    assert [fault.field for fault in refused.value.fields] == [f"use_policy.{field}"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3)
)


@given(st.dictionaries(st.sampled_from(sorted(UsePolicy.__dataclass_fields__)), JSON))
def test_whatever_is_sent_is_read_the_same_again_or_refused(stored: dict[str, Any]) -> None:
    try:
        policy = UsePolicy.read(stored)
    except InvalidInput:
        return
    assert UsePolicy.read(policy.to_dict()) == policy


@pytest.mark.parametrize(("acr", "level"), [("urn:xinyin:acr:l4", 4), ("urn:xinyin:acr:l9", 0), ("4", 0), ("", 0)])
def test_levels_are_read_from_their_names(acr: str, level: int) -> None:
    assert level_of(acr) == level
