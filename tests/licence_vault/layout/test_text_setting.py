"""Text that fits is set, text that is long shrinks, text that is too long or cannot be drawn is refused by name."""

import pytest

from kernel.errors import InvalidInput
from licence_vault.layout.composition import compose
from licence_vault.layout.drawing import Text
from licence_vault.layout.face import POINT, read_face
from licence_vault.layout.typesetting import NOT_AT_END, NOT_AT_START
from tests.licence_vault.layout.samples import SIZE, draft_of, fonts, shipped_type, small_face

WIDTH_MM, HEIGHT_MM = 60, 12
SMALLEST = 7


def value_text(text: str, **style: object) -> Text:
    drawing = compose(read_face(small_face(smallest=SMALLEST, **style)), {"fields.name": text}, {}, fonts())
    (found,) = [each for each in drawing.texts() if each.field]
    return found


def refusal_of(text: str, **style: object) -> InvalidInput:
    with pytest.raises(InvalidInput) as refusal:
        value_text(text, **style)
    return refusal.value


def test_short_text_has_its_full_size() -> None:
    assert value_text("青禾").size == pytest.approx(SIZE * POINT)


def test_long_text_wraps_then_shrinks_and_stays_in_its_box() -> None:
    sizes = []
    for length in (12, 24, 36, 60):
        text = value_text("青" * length)
        sizes.append(text.size)
        assert "".join(line.text for line in text.lines) == "青" * length
        for line in text.lines:
            assert line.x >= 20
            assert line.x + line.width <= 20 + WIDTH_MM + 0.02
            assert 40 <= line.baseline <= 40 + HEIGHT_MM
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1] >= SMALLEST * POINT


def test_text_that_does_not_fit_even_small_is_refused_at_its_field() -> None:
    refusal = refusal_of("青" * 300)
    assert "too long" in refusal.message
    assert [error.field for error in refusal.fields] == ["fields.name"]


def test_a_single_line_shrinks_and_is_refused_when_it_may_not_wrap() -> None:
    assert value_text("青" * 20, wrap=False).size < SIZE * POINT
    assert "too long" in refusal_of("青" * 40, wrap=False).message


def test_a_word_wider_than_its_box_at_the_smallest_size_is_broken_not_lost() -> None:
    text = value_text("A" * 60)
    assert "".join(line.text for line in text.lines) == "A" * 60


@pytest.mark.parametrize(
    ("character", "code"),
    [
        ("\U0003fffe", "3FFFE"),
        ("\x00", "0000"),
        ("\t", "0009"),
        ("\u200b", "200B"),
        ("\u202e", "202E"),
        ("\ufeff", "FEFF"),
    ],
    ids=ascii,
)
def test_a_character_that_cannot_be_printed_is_named_with_its_field(character: str, code: str) -> None:
    refusal = refusal_of(f"青{character}禾")
    assert refusal.params["code"] == code
    (error,) = refusal.fields
    assert (error.field, error.params["code"]) == ("fields.name", code)
    assert code in refusal.text


def test_every_wrong_field_is_named_at_once() -> None:
    licence_type = shipped_type("food-business.json")
    values = draft_of(licence_type).values | {"fields.premises": "\U0003fffe", "holder.name": "\U0003fffe"}
    with pytest.raises(InvalidInput) as refusal:
        compose(licence_type.face, values, {}, fonts())
    assert {error.field for error in refusal.value.fields} == {"fields.premises", "holder.name"}


def test_no_line_begins_or_ends_with_punctuation_that_may_not() -> None:
    text = value_text("（一）热食、冷食，（二）自制饮品；（三）预包装食品。“糕点”（含裱花）", box=[20, 40, 34, 60])
    assert len(text.lines) > 3
    for before, after in zip(text.lines, text.lines[1:], strict=False):
        assert before.text[-1] not in NOT_AT_END
        assert after.text[0] not in NOT_AT_START


def test_latin_words_are_kept_whole() -> None:
    words = ["Green", "Seedling", "Technology", "Company", "Limited", "of", "Fictional", "City"]
    lines = [line.text for line in value_text(" ".join(words), box=[20, 40, 40, 60]).lines]
    assert len(lines) > 1
    assert " ".join(line.strip() for line in lines).split() == words


def test_spread_text_fills_its_box_from_edge_to_edge() -> None:
    (line,) = value_text("名称号", align="spread").lines
    assert line.x == pytest.approx(20)
    last_ink = line.x + sum(line.advances[:-1]) + SIZE * POINT
    assert last_ink == pytest.approx(20 + WIDTH_MM, abs=0.01)


def test_an_empty_value_leaves_its_place_empty() -> None:
    drawing = compose(read_face(small_face()), {"fields.name": ""}, {}, fonts())
    assert [each.field for each in drawing.texts()] == [None]
