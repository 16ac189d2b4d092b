"""Whatever somebody types into a field is drawn alike in both files, or refused with the field's name."""

from functools import cache

from hypothesis import example, given, settings
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from tests.licence_vault.layout.ofd_rules import complaints
from tests.licence_vault.layout.reading import ofd_characters
from tests.licence_vault.layout.samples import Sample, fonts, small
from tests.licence_vault.layout.test_both_formats import APART_MM, farthest_apart

PRESENTATION_FORMS = (range(0xFB00, 0xFE00), range(0xFE70, 0xFF00))
"""Ligatures and letters in position: PDFium takes them apart when it reads, so they cannot be compared through it."""


@cache
def drawable() -> list[str]:
    """The characters below the astral planes that the licence font draws."""
    codes = [*range(0x20, 0xD800), *range(0xE000, 0xFFFF)]
    comparable = [code for code in codes if not any(code in forms for forms in PRESENTATION_FORMS)]
    return [chr(code) for code in comparable if fonts().find("regular", chr(code))]


def drawn(text: str) -> Sample | None:
    """Both files; None when the text was refused in the right way."""
    try:
        return small(text)
    except InvalidInput as refusal:
        complaint = refusal
    assert [error.field for error in complaint.fields] == ["fields.name"]
    assert complaint.fields[0].message
    return None


@settings(max_examples=60)
@given(st.deferred(lambda: st.text(st.sampled_from(drawable()), min_size=1, max_size=60)))
@example("a\n\nb")
@example(" ")
@example("\n")
@example("（")
@example("Ａ½①㎡")
def test_text_of_the_font_is_drawn_in_both_or_refused(text: str) -> None:
    sample = drawn(text)
    if sample is None:
        return
    assert complaints(sample.ofd) == []
    found = sorted(each.character for each in ofd_characters(sample.ofd))
    assert found == sorted(character for character in f"名称{text}" if not character.isspace())
    assert farthest_apart(sample) < APART_MM


@settings(max_examples=60)
@given(st.text(max_size=40))
def test_any_text_at_all_is_drawn_or_refused(text: str) -> None:
    sample = drawn(text)
    if sample is not None and text.strip():
        assert complaints(sample.ofd) == []
