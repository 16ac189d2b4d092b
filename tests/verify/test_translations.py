"""Every text that verification shows exists in Chinese, with the same places to fill."""

from tests.spoken import catalogue, different_places, spoken_by

# What the shell itself says and translates.
ELSEWHERE = {"What you sent is too large. The limit is {limit}.", "This is not valid JSON.", "No end date"}


def test_every_text_is_translated() -> None:
    known = catalogue("verify")
    assert sorted(text for text in spoken_by("verify") - ELSEWHERE if not known.get(text)) == []


def test_no_translation_is_left_over() -> None:
    assert sorted(set(catalogue("verify")) - spoken_by("verify")) == []


def test_translations_fill_the_same_places() -> None:
    assert different_places(catalogue("verify")) == []
