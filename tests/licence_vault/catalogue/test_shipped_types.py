"""The licence types that come with the product are right, and speak both languages."""

import re
from typing import Any

import pytest

from kernel.ids.holder_codes import HOLDER_CODE_TYPES
from kernel.ids.uscc import Uscc
from licence_vault.catalogue.fields import face_text, field_errors
from licence_vault.catalogue.licence_type import LicenceType
from tests.licence_vault.layout.samples import QR, TYPE_FILES, draft_of, shipped_type

CHINESE, LATIN = re.compile("[一-鿿]"), re.compile("[A-Za-z]")


@pytest.fixture(params=TYPE_FILES)
def licence_type(request: pytest.FixtureRequest) -> LicenceType:
    return shipped_type(request.param)


def test_the_two_types_that_the_product_promises_are_there() -> None:
    assert {shipped_type(name).name for name in TYPE_FILES} >= {"营业执照", "食品经营许可证"}


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
        texts: list[dict[str, Any]] = [schema["x-labels"], *schema.get("x-codes", {}).values()]
        texts += [schema["x-hint"]] if "x-hint" in schema else []
        for each in texts:
            assert CHINESE.search(each["zh"]), name
            assert LATIN.search(each["en"]), name
            assert not CHINESE.search(each["en"]), name
        assert set(schema.get("enum", ())) == set(schema.get("x-codes", ()))
        assert ("pattern" in schema) <= ("x-hint" in schema), name


def test_the_face_shows_every_field_and_nothing_that_no_licence_has(licence_type: LicenceType) -> None:
    known = set(draft_of(licence_type).values | {"verification.qr": QR})
    known |= {f"fields.{name}" for name, _schema in licence_type.fields}
    assert licence_type.face.values() <= known
    assert {f"fields.{name}" for name, _schema in licence_type.fields} <= licence_type.face.values()
    assert {"holder.name", "issuer.name", "licence.identifier", "verification.qr"} <= licence_type.face.values()


def test_the_seal_stands_on_the_paper(licence_type: LicenceType) -> None:
    place, face = licence_type.seal_place, licence_type.face
    assert 1 <= place.page <= len(face.pages)
    assert place.x_mm >= 0
    assert place.y_mm >= 0
    assert place.x_mm + place.width_mm <= face.width
    assert place.y_mm + place.height_mm <= face.height


def test_a_face_says_codes_days_and_lists_in_words() -> None:
    assert face_text({"x-codes": {"sales": {"zh": "食品销售经营者"}}}, "sales") == "食品销售经营者"
    assert face_text({"format": "date"}, "2026-01-09") == "2026年1月9日"
    assert face_text({"items": {}}, ["热食", "冷食"]) == "热食；冷食"
