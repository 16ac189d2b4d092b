"""Every text people read exists in plain Chinese, whichever package says it."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from tests.kernel.msgids import PACKAGES, REPOSITORY, msgids
from tests.spoken import spoken_by

BENEATH = {
    "kernel": (),
    "idp": ("kernel",),
    "seal": ("kernel",),
    "sso_proxy": ("kernel",),
    "licence_vault": ("kernel", "seal"),
    "verify": ("kernel", "seal", "licence_vault"),
    "admin": ("kernel", "idp", "seal", "licence_vault", "verify"),
    "xinyin": PACKAGES[:-1],
}
"""Whose translations a package may count on, because it may import them."""
HAN = r"[\u4e00-\u9fff]"


def entries(package: str) -> list[Message]:
    """Every entry of the package's Chinese catalogues."""
    found: list[Message] = []
    for path in sorted((REPOSITORY / package / "locale/zh_CN/LC_MESSAGES").glob("*.po")):
        with Path(path).open("rb") as file:
            found.extend(message for message in read_po(file, locale="zh_CN") if message.id)
    return found


def translations(package: str) -> dict[str, str]:
    """English → Chinese, plural forms each on their own; without empty and fuzzy entries."""
    known: dict[str, str] = {}
    for message in entries(package):
        text = message.string if isinstance(message.string, str) else message.string[0]
        if text and not message.fuzzy:
            known.update(dict.fromkeys([message.id] if isinstance(message.id, str) else message.id, text))
    return known


@pytest.mark.parametrize("package", PACKAGES)
def test_every_text_is_said_in_chinese(package: str) -> None:
    known = {text for each in (package, *BENEATH[package]) for text in translations(each)}
    said = dict.fromkeys(spoken_by(package), package) | msgids(package)
    missing = {text: where for text, where in said.items() if text not in known and not re.search(HAN, text)}
    assert missing == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_marked_as_uncertain_or_left_empty(package: str) -> None:
    assert [each.id for each in entries(package) if each.fuzzy or not each.string] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_both_languages_fill_the_same_places(package: str) -> None:
    def places(text: str) -> list[str]:
        return sorted(set(re.findall(r"\{(\w+)\}", text)))

    assert [each for each, text in translations(package).items() if places(each) != places(text)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_chinese_is_punctuated_in_chinese(package: str) -> None:
    ascii_mark = re.compile(HAN + r"[,;:!?](?:\s|$|" + HAN + r")|[,;!?]" + HAN + "|" + HAN + r"\.$")
    assert [text for text in translations(package).values() if ascii_mark.search(text)] == []


def test_the_same_english_is_the_same_chinese_everywhere() -> None:
    """Catalogues are spoken from as one: where two packages disagree, the first one loaded would speak for both."""
    said: dict[str, dict[str, str]] = {}
    for package in PACKAGES:
        for english, chinese in translations(package).items():
            said.setdefault(english, {})[package] = chinese
    assert {english: by for english, by in said.items() if len(set(by.values())) > 1} == {}


def test_the_extraction_finds_what_it_is_for() -> None:
    found = msgids("kernel")
    assert "This is over" in found, "a table of titles"
    assert "Fill in this field." in found, "a message in a variable"
    assert "{n} days left" in found, "a plural form"
    assert "Skip to content" in found, "a template"
    assert "My applications" in msgids("xinyin"), "a navigation label"
