"""The licence types that come with the product are right, and speak both languages."""

import re
from typing import Any

import pytest

from kernel.ids.holder_codes import HOLDER_CODE_TYPES
from kernel.ids.uscc import Uscc
from licence_vault.catalogue.definition import SHARING_CLASSES
from licence_vault.catalogue.fields import face_text, field_errors
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.issuing.stamping import stamp_positions
from tests.licence_vault.layout.samples import QR, TYPE_FILES, draft_of, shipped_type

CHINESE, LATIN = re.compile("[一-鿿]"), re.compile("[A-Za-z]")


@pytest.fixture(params=TYPE_FILES)
def licence_type(request: pytest.FixtureRequest) -> LicenceType:
    return shipped_type(request.param)


def test_the_six_types_that_the_product_promises_are_there() -> None:
    assert {shipped_type(name).name for name in TYPE_FILES} >= {
        "营业执照", "食品经营许可证", "不动产权证书", "公共场所卫生许可证", "二级建造师注册证书", "出生医学证明",
    }  # fmt: skip


def test_codes_are_national_ones_or_say_that_they_are_not() -> None:
    published = {"11100000MB0143028R001", "11100000MB03271699001", "11100000000013338W001"}
    for each in map(shipped_type, TYPE_FILES):
        assert (each.code in published) != ("Synthetic" in each.document.get("code_note", "")), each.name


def test_every_type_says_how_it_may_be_shared(licence_type: LicenceType) -> None:
    assert licence_type.document["sharing"] in SHARING_CLASSES


def test_the_example_is_valid_and_uses_every_required_field(licence_type: LicenceType) -> None:
    assert field_errors(licence_type, licence_type.example) == []
    assert licence_type.required_fields <= set(licence_type.example)


def test_the_code_begins_with_the_defining_authority(licence_type: LicenceType) -> None:
    authority = licence_type.document["defining_authority"]["uscc"]
    assert str(Uscc.parse(authority)) == authority
    assert licence_type.code[:18] == authority


def test_holders_are_known_by_numbers_of_gbt_36903(licence_type: LicenceType) -> None:
    assert licence_type.holder_id_types
    kinds = {HOLDER_CODE_TYPES[id_type].kind for id_type in licence_type.holder_id_types}
    assert kinds == set(licence_type.document["holder"]["kinds"])


def test_every_field_is_labelled_in_both_languages_and_in_order(licence_type: LicenceType) -> None:
    orders = [schema["x-order"] for _name, schema in licence_type.fields]
    assert orders == sorted(set(orders))
    for name, schema in licence_type.fields:
        parts = [schema, schema.get("items", {}), *schema.get("items", {}).get("properties", {}).values()]
        texts: list[dict[str, Any]] = [schema["x-labels"]]
        texts += [part["x-hint"] for part in parts if "x-hint" in part]
        texts += [text for part in parts for text in part.get("x-codes", {}).values()]
        for each in texts:
            assert CHINESE.search(each["zh"]), name
            assert LATIN.search(each["en"]), name
            assert not CHINESE.search(each["en"]), name
        assert all(set(part.get("enum", ())) == set(part.get("x-codes", ())) for part in parts)
        assert ("pattern" in schema) <= ("x-hint" in schema), name


def test_the_face_shows_every_field_and_nothing_that_no_licence_has(licence_type: LicenceType) -> None:
    known = set(draft_of(licence_type).values | {"verification.qr": QR})
    known |= {f"fields.{name}" for name, _schema in licence_type.fields}
    assert licence_type.face.values() <= known
    assert {f"fields.{name}" for name, _schema in licence_type.fields} <= licence_type.face.values()
    assert {"holder.name", "issuer.name", "licence.identifier", "verification.qr"} <= licence_type.face.values()


def test_the_seal_stands_on_the_paper(licence_type: LicenceType) -> None:
    face = licence_type.face
    for place in stamp_positions(licence_type):
        assert 1 <= place.page <= len(face.pages)
        assert place.x_mm + place.clip_x_mm >= 0
        assert place.y_mm >= 0
        assert place.x_mm + place.clip_x_mm + (place.clip_width_mm or place.width_mm) <= face.width + 0.01
        assert place.y_mm + place.height_mm <= face.height


def test_the_deed_of_several_pages_has_a_seal_riding_over_all_of_them() -> None:
    deed = shipped_type("real-estate-title.json")
    assert len(deed.face.pages) == 4
    assert [(each.page, each.clip_width_mm) for each in stamp_positions(deed)] == [
        (1, None), *((page, 10.5) for page in (1, 2, 3, 4)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "change", "field"),
    [
        ("real-estate-title.json", {"co_owners": None}, "fields.co_owners"),
        ("real-estate-title.json", {"plan": "bm90IGEgcGljdHVyZQ=="}, "fields.plan"),
        ("real-estate-title.json", {"plan": "%%%"}, "fields.plan"),
        ("second-class-constructor.json", {"signed_on": None}, "fields.signed_on"),
        ("second-class-constructor.json", {"signed_on": "1980-01-01"}, "fields.signed_on"),
        ("second-class-constructor.json", {"specialities": []}, "fields.specialities"),
        ("birth-certificate.json", {"father_name": None}, "fields.father_name"),
        ("birth-certificate.json", {"mother_id_number": "110101199303070022"}, "fields.mother_id_number"),
        ("birth-certificate.json", {"weight_grams": 20}, "fields.weight_grams"),
        ("public-place-hygiene.json", {"licence_number": "第1号"}, "fields.licence_number"),
    ],
)
def test_what_does_not_go_together_is_named_at_its_field(name: str, change: dict[str, Any], field: str) -> None:
    licence_type = shipped_type(name)
    fields = {key: value for key, value in (dict(licence_type.example) | change).items() if value is not None}
    assert [error.field for error in field_errors(licence_type, fields)] == [field]


def test_a_face_says_codes_days_and_lists_in_words() -> None:
    assert face_text({"x-codes": {"sales": {"zh": "食品销售经营者"}}}, "sales") == "食品销售经营者"
    assert face_text({"format": "date"}, "2026-01-09") == "2026年1月9日"
    assert face_text({"items": {}}, ["热食", "冷食"]) == "热食；冷食"
