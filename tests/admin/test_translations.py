"""Every text of the console exists in Chinese, with the same places to fill."""

from tests.spoken import catalogue, different_places, spoken_by

# What the shell itself says and translates.
ELSEWHERE = {"Write the date as YYYY-MM-DD.", "Some fields need your attention.", "Its versions", "Version {number}"}


def test_every_text_is_translated() -> None:
    known = catalogue("admin")
    assert sorted(text for text in spoken_by("admin") - ELSEWHERE if not known.get(text)) == []


def test_no_translation_is_left_over() -> None:
    assert sorted(set(catalogue("admin")) - spoken_by("admin")) == []


def test_translations_fill_the_same_places() -> None:
    assert different_places(catalogue("admin")) == []
