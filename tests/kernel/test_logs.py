"""Logs carry no personal data, whoever logs carelessly."""

import pytest

from kernel.logs import redact


@pytest.mark.parametrize(
    "text",
    ["110101199003070011", "11010519491231002x", "91990000MA0000007X", "13800138000", "eyJhbGciOi.eyJzdWIi.c2ln"],
)
def test_what_looks_personal_is_blanked(text: str) -> None:
    assert redact(f"refused {text}, sorry") == "refused [redacted], sorry"
    assert redact({"a": [text]}) == {"a": ["[redacted]"]}


def test_secrets_are_blanked_by_their_key() -> None:
    assert redact({"password": "x", "nested": {"Access-Token": "y"}, "n": 1}) == {
        "password": "[redacted]",
        "nested": {"Access-Token": "[redacted]"},
        "n": 1,
    }


def test_ordinary_text_is_left_alone() -> None:
    assert redact("licence 0192f8a1b2c37d4e8f90 issued in 12 ms") == "licence 0192f8a1b2c37d4e8f90 issued in 12 ms"
