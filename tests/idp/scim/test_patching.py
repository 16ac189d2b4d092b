"""PATCH in all its forms, those of Entra ID and Okta among them."""

from typing import Any

import pytest

from idp.scim.errors import ScimError
from idp.scim.resources.definitions import ENTERPRISE_URN, GROUP, USER, USER_URN
from idp.scim.resources.patching import PATCH_URN, patched, read_operations

BASE: dict[str, Any] = {
    "userName": "fang",
    "active": True,
    "title": "clerk",
    "name": {"familyName": "王", "givenName": "芳"},
    "emails": [
        {"value": "a@x.test", "type": "work", "primary": True},
        {"value": "b@x.test", "type": "home"},
    ],
    ENTERPRISE_URN: {"department": "one", "employeeNumber": "1"},
}


def after(*operations: dict[str, Any], base: dict[str, Any] = BASE) -> dict[str, Any]:
    return patched(USER, base, read_operations({"schemas": [PATCH_URN], "Operations": list(operations)}))


def test_add() -> None:
    assert after({"op": "add", "path": "nickName", "value": "F"})["nickName"] == "F"
    assert after({"op": "add", "value": {"nickName": "F", "title": "boss"}})["title"] == "boss"
    assert after({"op": "add", "path": "name.middleName", "value": "M"})["name"] == {**BASE["name"], "middleName": "M"}
    assert after({"op": "add", "path": "name", "value": {"middleName": "M"}})["name"]["familyName"] == "王"
    added = after({"op": "add", "path": "emails", "value": [{"value": "c@x.test", "type": "other", "primary": True}]})
    assert [each.get("primary") for each in added["emails"]] == [False, None, True]
    same = after({"op": "add", "path": "emails", "value": {"value": "a@x.test", "type": "work"}})
    assert same["emails"] == BASE["emails"]


def test_replace() -> None:
    assert after({"op": "replace", "path": "emails", "value": [{"value": "c@x.test"}]})["emails"] == [
        {"value": "c@x.test"}
    ]
    changed = after({"op": "replace", "path": 'emails[type eq "home"].value', "value": "h@x.test"})
    assert changed["emails"][1] == {"value": "h@x.test", "type": "home"}
    whole = after({"op": "replace", "path": 'emails[type eq "home"]', "value": {"value": "n@x.test", "primary": True}})
    assert whole["emails"] == [
        {"value": "a@x.test", "type": "work", "primary": False},
        {"value": "n@x.test", "primary": True},
    ]
    assert after({"op": "replace", "path": f"{USER_URN}:title", "value": "boss"})["title"] == "boss"
    assert after({"op": "replace", "path": "TITLE", "value": None}).get("title") is None


def test_remove() -> None:
    assert "title" not in after({"op": "remove", "path": "title"})
    assert "emails" not in after({"op": "remove", "path": "emails"})
    assert len(after({"op": "remove", "path": 'emails[type eq "home"]'})["emails"]) == 1
    assert "value" not in after({"op": "remove", "path": 'emails[type eq "home"].value'})["emails"][1]
    assert after({"op": "remove", "path": 'emails[type eq "none"]'}) == BASE
    assert after({"op": "remove", "path": "name.givenName"})["name"] == {"familyName": "王"}
    assert ENTERPRISE_URN not in after({"op": "remove", "path": ENTERPRISE_URN})
    assert after({"op": "remove", "path": f"{ENTERPRISE_URN}:department"})[ENTERPRISE_URN] == {"employeeNumber": "1"}


@pytest.mark.parametrize(
    ("operation", "key", "value"),
    [
        ({"op": "Replace", "path": "active", "value": "False"}, "active", False),
        ({"op": "replace", "value": {"active": False}}, "active", False),
        ({"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "1"}, "phoneNumbers",
         [{"type": "mobile", "value": "1"}]),
        ({"op": "Replace", "path": 'addresses[type eq "work"].locality', "value": "杭州"}, "addresses",
         [{"type": "work", "locality": "杭州"}]),
        ({"op": "Replace", "value": {"name.givenName": "华"}}, "name", {"familyName": "王", "givenName": "华"}),
        ({"op": "Add", "path": f"{ENTERPRISE_URN}:manager", "value": "42"}, ENTERPRISE_URN,
         {**BASE[ENTERPRISE_URN], "manager": {"value": "42"}}),
        ({"op": "Replace", "value": {f"{ENTERPRISE_URN}:department": "two"}}, ENTERPRISE_URN,
         {**BASE[ENTERPRISE_URN], "department": "two"}),
        ({"op": "add", "value": {ENTERPRISE_URN: {"costCenter": "9"}}}, ENTERPRISE_URN,
         {**BASE[ENTERPRISE_URN], "costCenter": "9"}),
        ({"op": "replace", "value": {"id": "other", "schemas": [], "title": "x"}}, "title", "x"),
        ({"op": "replace", "value": {"unknownThing": 1, "title": "x"}}, "title", "x"),
    ],
)  # fmt: skip
def test_as_entra_and_okta_send_it(operation: dict[str, Any], key: str, value: object) -> None:
    assert after(operation)[key] == value


def test_members_as_entra_and_okta_send_them() -> None:
    group = {"displayName": "g", "members": [{"value": "1"}, {"value": "2"}, {"value": "3"}]}

    def members(*operations: dict[str, Any]) -> list[str]:
        done = patched(GROUP, group, read_operations({"schemas": [PATCH_URN], "Operations": list(operations)}))
        return [each["value"] for each in done.get("members", [])]

    assert members({"op": "Remove", "path": "members", "value": [{"value": "2"}]}) == ["1", "3"]
    assert members({"op": "remove", "path": 'members[value eq "2"]'}) == ["1", "3"]
    assert members({"op": "Add", "path": "members", "value": [{"value": "4"}, {"value": "1"}]}) == ["1", "2", "3", "4"]
    assert members({"op": "remove", "path": "members"}) == []
    assert members({"op": "replace", "value": {"id": "x", "displayName": "h"}}) == ["1", "2", "3"]
    assert group["members"] == [{"value": "1"}, {"value": "2"}, {"value": "3"}]


@pytest.mark.parametrize(
    ("operation", "keyword"),
    [
        ({"op": "move", "path": "title"}, "invalidSyntax"),
        ("add", "invalidSyntax"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "add", "path": "title"}, "invalidValue"),
        ({"op": "add", "value": "x"}, "invalidValue"),
        ({"op": "add", "path": "nothing", "value": "x"}, "invalidPath"),
        ({"op": "add", "path": "name.nothing", "value": "x"}, "invalidPath"),
        ({"op": "add", "path": "emails[type eq", "value": "x"}, "invalidPath"),
        ({"op": "add", "path": 'emails[type is "x"]', "value": "x"}, "invalidFilter"),
        ({"op": "add", "path": 'title[type eq "x"]', "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 'emails[value co "none"].type', "value": "x"}, "noTarget"),
        ({"op": "replace", "path": "groups", "value": []}, "mutability"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "replace", "path": "meta.created", "value": "x"}, "mutability"),
        ({"op": "remove", "path": "userName"}, "invalidValue"),
        ({"op": "replace", "path": "active", "value": "maybe"}, "invalidValue"),
    ],
)
def test_what_is_refused(operation: Any, keyword: str) -> None:
    with pytest.raises(ScimError) as refused:
        after(operation)
    assert refused.value.scim_type == keyword
