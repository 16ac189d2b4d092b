"""The registers answer whether elements belong together, and nothing more."""

import httpx
import pytest

from kernel.ids.resident_id import ResidentId
from kernel.ids.uscc import Uscc
from tests.sandbox.serving import switch_fault
from xinyin.sandbox.people import PEOPLE, Person
from xinyin.sandbox.register.legal_persons import ORGANISATIONS, Organisation


def check(sandbox: str, path: str, **elements: str) -> httpx.Response:
    return httpx.post(f"{sandbox}{path}", json=elements)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.handle)
def test_everybody_in_the_sandbox_is_registered_under_a_valid_number(sandbox: str, person: Person) -> None:
    assert str(ResidentId.parse(person.id_number)) == person.id_number
    answer = check(sandbox, "/population/check", name=person.name, id_number=person.id_number)
    assert answer.json() == {"match": True}


@pytest.mark.parametrize(
    ("name", "id_number"),
    [
        ("林小满", "110101200002290018"),
        ("林小", "110101199003070011"),
        ("林小满", "110101199003070010"),
        ("", ""),
    ],
)
def test_what_does_not_belong_together_does_not_match(sandbox: str, name: str, id_number: str) -> None:
    assert check(sandbox, "/population/check", name=name, id_number=id_number).json() == {"match": False}


def test_a_missing_element_is_an_error(sandbox: str) -> None:
    assert check(sandbox, "/population/check", name="林小满").status_code == 400


@pytest.mark.parametrize("each", ORGANISATIONS, ids=lambda each: each.uscc)
def test_organisations_match_by_three_elements_while_they_exist(sandbox: str, each: Organisation) -> None:
    assert str(Uscc.parse(each.uscc)) == each.uscc
    elements = {"name": each.name, "uscc": each.uscc, "legal_representative": each.legal_representative}
    assert check(sandbox, "/legal-persons/check", **elements).json() == {"match": each.status == "存续"}
    elements["legal_representative"] = "别人"
    assert check(sandbox, "/legal-persons/check", **elements).json() == {"match": False}


def test_a_register_may_be_away(sandbox: str) -> None:
    switch_fault(sandbox, "busy", 1)
    answer = check(sandbox, "/population/check", name="林小满", id_number="110101199003070011")
    assert answer.status_code == 503
