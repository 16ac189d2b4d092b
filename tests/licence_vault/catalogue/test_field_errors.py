"""What is wrong with a field is said at the field, in the reader's language, by the field's own label."""

from typing import Any

import pytest

from kernel.i18n import Catalogs, gettext, use_locale
from licence_vault.catalogue.fields import field_errors
from licence_vault.catalogue.licence_type import LicenceType
from tests.licence_vault.layout.samples import shipped_type
from xinyin.pages import package_roots

WRONG: list[tuple[str, Any, str, str]] = [
    ("premises", "", "Fill in Place of business.", "请填写经营场所。"),
    ("premises", "长" * 101, "Place of business may have at most 100 characters.", "经营场所最多 100 个字。"),
    ("premises", 7, "Place of business is not in the right form.", "经营场所格式不对。"),
    ("licence_number", "JY1", "Licence number must be JY and 14 digits.", "许可证编号应为JY 加 14 位数字。"),
    ("business_form", "circus", "Choose one of the values offered for Form of business.",
     "主体业态请从给出的值中选择。"),
    ("business_items", [], "Fill in Items of business.", "请填写经营项目。"),
    ("business_items", list(map(str, range(13))), "Items of business may have at most 12 entries.",
     "经营项目最多 12 项。"),
    ("business_items", ["热食", "热食"], "Items of business is not in the right form.", "经营项目格式不对。"),
    ("business_items", ["长" * 41], "Items of business may have at most 40 characters.", "经营项目最多 40 个字。"),
    ("colour", "red", "This licence has no field colour.", "这种证照没有字段 colour。"),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def catalogs() -> None:
    Catalogs.load(package_roots())


@pytest.fixture
def licence_type() -> LicenceType:
    return shipped_type("food-business.json")


@pytest.mark.parametrize(("name", "value", "english", "chinese"), WRONG)
def test_a_wrong_field_is_explained_in_both_languages(
    licence_type: LicenceType, name: str, value: Any, english: str, chinese: str
) -> None:
    fields = dict(licence_type.example) | {name: value}
    for locale, wording in (("en", english), ("zh_CN", chinese)):
        with use_locale(locale):
            (error,) = field_errors(licence_type, fields)
            assert (error.field, gettext(error.message, **error.params)) == (f"fields.{name}", wording)


def test_every_missing_field_is_asked_for_once(licence_type: LicenceType) -> None:
    errors = field_errors(licence_type, {})
    assert sorted(error.field for error in errors) == sorted(f"fields.{name}" for name in licence_type.required_fields)


def test_an_optional_field_may_be_left_out(licence_type: LicenceType) -> None:
    fields = {name: value for name, value in licence_type.example.items() if name in licence_type.required_fields}
    assert len(fields) < len(licence_type.example)
    assert field_errors(licence_type, fields) == []


@pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "20260101x"])
def test_an_impossible_day_is_refused(day: str) -> None:
    business = shipped_type("business-licence.json")
    errors = field_errors(business, dict(business.example) | {"established_on": day})
    assert [error.field for error in errors] == ["fields.established_on"]
