"""The file of `xinyin config`: what reads, what is refused and where, what differs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from xinyin.cli.config.document import read_document, write_document
from xinyin.cli.config.kinds import CLIENTS, GROUPS, LICENCE_TYPES, ORGANISATIONS, SITES, Entry
from xinyin.cli.config.plan import compare

FILE = """\
xinyin: 1
organisations:
  - uscc: 11990000MB0000001M
    name: 虚构市市场监督管理局
    kind: agency
clients:
  - client_id: hall
    name: Hall
    redirect_uris: [https://hall.test/back]
    secret: {env: HALL_SECRET}
assignments:
  - role: officer
    group: {name: clerks}
    until: 2031-01-01T00:00:00+08:00
"""
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Co"]), min_size=1, max_size=30).filter(str.strip)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | TEXTS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def test_it_is_read_with_its_lines() -> None:
    organisation, client, assignment = read_document(FILE)
    assert (organisation.kind, organisation.line, organisation.key) == (ORGANISATIONS, 3, "11990000MB0000001M")
    assert client.values["secret"] == {"env": "HALL_SECRET"}
    assert assignment.values["until"] == "2030-12-31T16:00:00+00:00"


@pytest.mark.parametrize(
    ("change", "to", "line", "words"),
    [
        ("    name: Hall", "    nam: Hall", 8, "clients have no field nam"),
        ("clients:", "cleints:", 6, "there is no list cleints"),
        ("    kind: agency\n", "", 3, "kind is missing"),
        ("    kind: agency", "    kind: agency\n    kind: agency", 6, "kind is there twice"),
        ("xinyin: 1", "xinyin: 2", 1, "xinyin: 1"),
        ("xinyin: 1\n", "", 1, "xinyin: 1"),
        ("{env: HALL_SECRET}", "hunter2", 10, "secrets do not stand in the file"),
        ("{env: HALL_SECRET}", "{env: A, file: b}", 10, "secrets do not stand in the file"),
        ("[https://hall.test/back]", "https://hall.test/back", 9, "a list of texts"),
        ("name: Hall", "name: 7", 8, "a text"),
        ("+08:00", "", 14, "with its offset"),
        ("{name: clerks}", "clerks", 13, "{name: NAME"),
        ("role: officer", "role: [officer", 13, "not YAML"),
        ("organisations:\n  -", "organisations:\n  - x\n  -", 3, "must have fields"),
        ("clients:\n", "clients: 1\nunits:\n", 6, "clients must be a list"),
        (
            "  - client_id: hall",
            "  - {client_id: hall, name: a}\n  - client_id: hall",
            8,
            "is there already, in line 7",
        ),
        ("name: Hall", "name: !!python/name:os.system x", 8, "means nothing here"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(change: str, to: str, line: int, words: str) -> None:
    assert change in FILE
    with pytest.raises(InvalidInput) as refused:
        read_document(FILE.replace(change, to, 1))
    assert f"Line {line}:" in refused.value.text
    assert words in refused.value.text


def test_no_anchors() -> None:
    """Nine short lines can otherwise stand for a thousand million."""
    with pytest.raises(InvalidInput, match="anchors"):
        read_document("xinyin: 1\nunits:\n  - &a {path: [x], kind: region}\n  - *a\n")


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_document(text)
    except InvalidInput:
        return
    assert "xinyin" in text


@given(st.lists(st.tuples(TEXTS, JSON.map(lambda value: {"value": value})), max_size=4, unique_by=lambda one: one[0]))
def test_what_is_written_reads_back_the_same(types: list[tuple[str, dict[str, object]]]) -> None:
    entries = [Entry(LICENCE_TYPES, {"code": code, "version": 1, "document": document}) for code, document in types]
    again = read_document(write_document(entries))
    assert sorted(each.key for each in again) == sorted(each.key for each in entries)
    assert compare(again, entries) == []
    assert {each.key: each.values for each in again} == {each.key: each.values for each in entries}
    assert write_document(again) == write_document(entries)


def test_differences() -> None:
    before = [Entry(CLIENTS, {"client_id": "a", "name": "A", "scopes": ["profile", "openid"]})]
    same = Entry(CLIENTS, {"client_id": "a", "name": "A"})
    assert compare([same], before) == []
    (change,) = compare([Entry(CLIENTS, {"client_id": "a", "name": "B", "disabled": True})], before)
    assert change.told() == ["~ clients: a", "    name: A → B", "    disabled: False → True"]
    (new,) = compare([Entry(GROUPS, {"name": "g", "unit": ["x", "y"]})], before)
    assert new.told() == ["+ groups: g, x / y"]


def test_what_cannot_change_is_refused_with_its_line() -> None:
    before = [Entry(ORGANISATIONS, {"uscc": "1", "name": "A", "kind": "agency"})]
    with pytest.raises(InvalidInput, match="Line 9: organisations: 1: kind is agency and cannot change"):
        compare([Entry(ORGANISATIONS, {"uscc": "1", "name": "A", "kind": "enterprise"}, 9)], before)


def test_those_that_others_refer_to_come_first() -> None:
    wanted = [
        Entry(SITES, {"slug": "s", "name": "s", "upstream_url": "http://x"}),
        Entry(CLIENTS, {"client_id": "c", "name": "c"}),
        Entry(ORGANISATIONS, {"uscc": "1", "name": "A", "kind": "agency"}),
    ]
    assert [each.entry.kind.name for each in compare(wanted, [])] == ["organisations", "clients", "sites"]
