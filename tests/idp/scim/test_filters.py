"""Filters and paths: what reads, what is refused, what fits."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.scim.errors import ScimError
from idp.scim.filters.expressions import (
    OPERATORS,
    AttributePath,
    Both,
    Comparison,
    Either,
    Elements,
    Filter,
    Not,
    Present,
    TargetPath,
)
from idp.scim.filters.grammar import DEEPEST, LONGEST, parse_filter, parse_path
from idp.scim.resources.definitions import ENTERPRISE_URN, USER, USER_URN
from idp.scim.resources.matching import matches

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,10}", fullmatch=True).filter(
    lambda name: name.lower() not in {"not", "and", "or"}
)
PATHS = st.builds(AttributePath, NAMES, st.one_of(st.just(""), NAMES), st.sampled_from(["", USER_URN, ENTERPRISE_URN]))
VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])), st.booleans(), st.none(), st.integers(-(2**53), 2**53)
)
LEAVES = st.one_of(st.builds(Present, PATHS), st.builds(Comparison, PATHS, st.sampled_from(OPERATORS), VALUES))


def _grown(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    return st.one_of(
        st.builds(Not, inner),
        st.builds(Both, inner, inner),
        st.builds(Either, inner, inner),
        st.builds(Elements, PATHS, inner),
    )


TREES: st.SearchStrategy[Filter] = st.recursive(LEAVES, _grown, max_leaves=12)

BJENSEN = {
    "userName": "bjensen",
    "externalId": "Xyz",
    "active": True,
    "name": {"familyName": "O'Malley", "givenName": "Barbara"},
    "title": "Guide",
    "emails": [
        {"value": "bjensen@example.com", "type": "work", "primary": True},
        {"value": "babs@jensen.org", "type": "home"},
    ],
    "meta": {"lastModified": "2026-05-13T04:42:34Z"},
    ENTERPRISE_URN: {"department": "Tours", "manager": {"value": "26118915"}},
}


def _refusal(act: Callable[[], object]) -> str:
    """The keyword of the refusal; empty for none. Anything else that is raised fails the test."""
    try:
        act()
    except ScimError as refused:
        return refused.scim_type
    return ""


@given(TREES)
def test_what_is_written_reads_back_the_same(tree: Filter) -> None:
    text = str(tree)
    if len(text) <= LONGEST and max(text.count("("), text.count("[")) < DEEPEST:
        assert parse_filter(text) == tree


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_scim_words(text: str) -> None:
    assert _refusal(lambda: parse_filter(text)) in {"", "invalidFilter"}
    assert _refusal(lambda: parse_path(text)) in {"", "invalidFilter", "invalidPath"}


@given(TREES)
def test_any_filter_is_judged_or_refused_in_scim_words(tree: Filter) -> None:
    assert _refusal(lambda: matches(tree, BJENSEN, USER)) in {"", "invalidFilter"}


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "bjensen"',
        'USERNAME EQ "BJensen"',
        f'{USER_URN}:userName sw "BJ"',
        'name.familyName co "O\'Malley"',
        "title pr",
        'not (title eq "Boss") and active eq true',
        'active eq "True"',
        'meta.lastModified gt "2026-05-13T04:42:33Z"',
        'meta.lastModified le "2026-05-13T12:42:34+08:00"',
        'emails co "example.com"',
        'emails.type eq "home"',
        'emails[type eq "work" and value co "@example.com"]',
        'emails[type eq "home" and not (primary eq true)]',
        'userName eq "x" or title pr and active eq true',
        f'{ENTERPRISE_URN}:department eq "tours"',
        f'{ENTERPRISE_URN}:manager.value eq "26118915"',
        'nickName ne "Babs"',
        "nickName eq null",
        'unknown eq "x" or userName pr',
        'title ge "Guide"',
    ],
)
def test_these_fit(text: str) -> None:
    assert matches(parse_filter(text), BJENSEN, USER)


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "jensen"',
        'externalId eq "xyz"',
        'emails[type eq "work" and value co "jensen.org"]',
        'userName pr and (title eq "x" or active eq false)',
        "nickName pr",
        'unknown eq "x"',
        f'{ENTERPRISE_URN}:department ew "x"',
        'title lt "Guide"',
    ],
)
def test_these_do_not_fit(text: str) -> None:
    assert not matches(parse_filter(text), BJENSEN, USER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        "userName eq",
        "userName eq bjensen",
        'userName is "x"',
        'userName eq "x" and',
        '(userName eq "x"',
        'userName eq "x")',
        'emails[type eq "x"',
        'emails[type eq "x"].value pr',
        'userName eq "x" userName eq "y"',
        'userName eq "\\q"',
        "active gt true",
        'meta.created gt "yesterday"',
        "title gt null",
        'password eq "x"',
        "(" * 60 + "a pr" + ")" * 60,
        "a" * 5000 + " pr",
    ],
)
def test_these_are_refused(text: str) -> None:
    with pytest.raises(ScimError) as refused:
        matches(parse_filter(text), BJENSEN, USER)
    assert (refused.value.status, refused.value.scim_type) == (400, "invalidFilter")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("members", TargetPath(AttributePath("members"))),
        ("name.familyName", TargetPath(AttributePath("name", "familyName"))),
        (f"{USER_URN}:name.familyName", TargetPath(AttributePath("name", "familyName", USER_URN))),
        (
            'addresses[type eq "work"].streetAddress',
            TargetPath(AttributePath("addresses"), Comparison(AttributePath("type"), "eq", "work"), "streetAddress"),
        ),
        (
            'members[value eq "a]b"]',
            TargetPath(AttributePath("members"), Comparison(AttributePath("value"), "eq", "a]b")),
        ),
    ],
)
def test_paths(text: str, target: TargetPath) -> None:
    assert parse_path(text) == target
    assert parse_path(str(target)) == target
