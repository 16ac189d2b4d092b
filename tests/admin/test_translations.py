"""Every text of the console exists in Chinese, with the same places to fill."""

from tests.spoken import catalogue, different_places, spoken_by

BELOW = ("kernel", "idp", "seal", "licence_vault", "verify")
"""Packages that the console stands on, and whose words it may use."""


def test_every_text_is_translated() -> None:
    known = {text: said for package in (*BELOW, "admin") for text, said in catalogue(package).items()}
    assert sorted(text for text in spoken_by("admin") if not known.get(text)) == []


def test_no_translation_is_left_over() -> None:
    assert sorted(set(catalogue("admin")) - spoken_by("admin")) == []


def test_translations_fill_the_same_places() -> None:
    assert different_places(catalogue("admin")) == []
