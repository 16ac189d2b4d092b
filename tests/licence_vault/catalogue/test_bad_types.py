"""A licence type that could not be issued from is refused before it is published, and the place is named."""

import copy
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from kernel.errors import InvalidInput
from licence_vault.catalogue.fields import field_errors
from licence_vault.catalogue.licence_type import read_licence_type
from licence_vault.catalogue.service import SHIPPED

FOOD: dict[str, Any] = json.loads((SHIPPED / "food-business.json").read_text(encoding="utf-8"))
Change = Callable[[dict[str, Any]], object]


def field(**schema: Any) -> Change:
    return lambda document: document["fields"]["properties"]["premises"].update(schema)


def element(**spec: Any) -> Change:
    return lambda document: document["face"]["pages"][0]["elements"].append({"box": [30, 30, 40, 10], **spec})


def member(**members: Any) -> Change:
    return lambda document: document.update(members)


def refusal_of(change: Change) -> InvalidInput:
    document = copy.deepcopy(FOOD)
    change(document)
    with pytest.raises(InvalidInput) as refusal:
        read_licence_type(document)
    return refusal.value


@pytest.mark.parametrize("name", ["code", "version", "name", "holder", "validity", "seal", "fields", "face"])
def test_what_is_missing_is_named(name: str) -> None:
    refusal = refusal_of(lambda document: document.pop(name))
    assert [error.field for error in refusal.fields] == [name]
    assert name in refusal.message.format(**refusal.params)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (member(code="X"), "code"),
        (member(version=0), "version"),
        (member(version="1"), "version"),
        (member(version=10**30), "version"),
        (member(name="许可证"), "name"),
        (member(name={"en": "Licence"}), "name.zh"),
        (member(holder={"id_types": ["777"]}), "holder.id_types.0"),
        (member(validity={"kind": "term", "years": -1}), "validity.years"),
        (member(issuing_authorities="11999999000010022Q"), "issuing_authorities"),
        (member(seal={"box": [1, 2, 3]}), "seal.box"),
        (field(**{"x-labels": {"zh": "经营 场所"}}), "fields.properties.premises.x-labels.zh"),
        (field(**{"x-labels": {"zh": "经营<场所>"}}), "fields.properties.premises.x-labels.zh"),
        (field(type="object"), "fields.properties.premises.type"),
        (lambda document: document["fields"]["properties"].update({"a b": {}}), "fields.properties"),
        (lambda document: document["face"].update(pages=[]), "face.pages"),
        (lambda document: document["face"].update(paper=[0, 210]), "face.paper.0"),
        (element(kind="video"), "kind"),
        (element(kind="label", text=""), "text"),
        (element(kind="label", text="甲", font="comic"), "font"),
        (element(kind="label", text="甲", colour="red"), "colour"),
        (element(kind="label", text="甲", size=0), "size"),
        (element(kind="label", text="甲", box=[30, 30, -1, 10]), "box.2"),
        (element(kind="ornament", pattern="tiger", colour="#000000"), "pattern"),
        (element(kind="ornament", pattern="net", colour="#000000", scale=0.0001), "scale"),
        (element(kind="value", of="holder.salary"), "of"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(change: Change, place: str) -> None:
    found = [error.field for error in refusal_of(change).fields]
    assert [each for each in found if each == place or each.endswith(f".{place}")], found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (member(seal={"box": [280, 20, 42, 42]}), "does not stand on a page"),
        (member(seal={"page": 2, "box": [20, 20, 42, 42]}), "does not stand on a page"),
        (field(pattern="("), "not a JSON Schema"),
        (field(**{"$ref": "http://127.0.0.1:1/schema"}), "may not refer"),
        (field(items={"$ref": "#"}), "may not refer"),
        (element(kind="value", of="fields.nope"), "fields.nope"),
        (element(kind="label", text="甲", style="nope"), "cannot be read"),
        (member(number="fields.nope"), "fields.nope"),
        (member(example={"premises": "甲"}), "example"),
    ],
)
def test_parts_that_do_not_fit_each_other_are_refused(change: Change, words: str) -> None:
    refusal = refusal_of(change)
    assert words in refusal.message.format(**refusal.params)


@pytest.mark.parametrize("document", [None, [], "type", 7, {}])
def test_what_is_no_type_at_all_is_refused(document: Any) -> None:
    with pytest.raises(InvalidInput):
        read_licence_type(document)


@pytest.mark.parametrize("label", ["法定代表人（负责人）", "建筑面积·平方米", "QS编号", "、顿号"])
def test_labels_that_people_use_are_taken(label: str) -> None:
    document = copy.deepcopy(FOOD)
    document["fields"]["properties"]["premises"]["x-labels"]["zh"] = label
    assert dict(read_licence_type(document).fields)["premises"]["x-labels"]["zh"] == label


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", r"(a)\1", "((((a{999}){999}){9}){9})", "x" * 600], ids=lambda pattern: pattern[:12]
)
def test_a_pattern_that_could_take_for_ever_is_refused(pattern: str) -> None:
    assert "pattern" in refusal_of(field(pattern=pattern)).message


def test_a_pattern_answers_in_time_that_grows_with_the_text_alone() -> None:
    document = copy.deepcopy(FOOD)
    document["fields"]["properties"]["premises"].update(pattern="^(a+)+$", maxLength=100_000)
    document["example"]["premises"] = "aaa"
    licence_type = read_licence_type(document)
    started = time.process_time()
    wrong = dict(document["example"]) | {"premises": "a" * 90_000 + "b"}
    assert [error.field for error in field_errors(licence_type, wrong)] == ["fields.premises"]
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "rule",
    [
        {"rule": "needed", "field": "premises", "when": "nowhere"},
        {"rule": "order", "first": "nothing", "second": "premises"},
        {"rule": "one_of", "fields": ["nowhere"]},
    ],
)
def test_a_rule_speaks_of_fields_alone(rule: dict[str, Any]) -> None:
    refusal = refusal_of(member(rules=[rule | {"message": {"zh": "不行", "en": "No"}}]))
    assert "not a field" in refusal.message


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (member(rules=[{"rule": "order", "first": "premises", "message": {"zh": "不行"}}]), "rules.0.second"),
        (member(rules=[{"rule": "magic", "message": {"zh": "不行"}}]), "rules.0.rule"),
        (member(sharing="everyone"), "sharing"),
        (element(kind="table", of="fields.premises", columns=[], row_height=8), "face.pages.0.elements.29.columns"),
        (element(kind="image", of="fields.premises", fit="squash"), "face.pages.0.elements.29.fit"),
    ],
)
def test_rules_tables_and_pictures_have_their_form(change: Change, place: str) -> None:
    assert place in [error.field for error in refusal_of(change).fields]


def test_a_riding_seal_needs_pages_to_ride_over() -> None:
    seal = FOOD["seal"] | {"riding": {"width": 40, "height": 40}}
    assert "two pages" in refusal_of(member(seal=seal)).message


def test_every_place_of_the_seal_is_on_a_page() -> None:
    seal = FOOD["seal"] | {"more": [{"page": 1, "box": [280, 10, 42, 42]}]}
    assert "stand on a page" in refusal_of(member(seal=seal)).message
