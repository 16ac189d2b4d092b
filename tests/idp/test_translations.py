"""Every text the identity provider shows exists in Chinese, with the same places to fill."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po
from jinja2 import Environment

PACKAGE = Path(__file__).parents[2] / "idp"
CALLS = {
    "gettext": 0,
    "_": 0,
    "InvalidInput": 0,
    "Conflict": 0,
    "Forbidden": 0,
    "NotFound": 0,
    "Gone": 0,
    "Unavailable": 0,
    "RateLimited": 0,
    "FieldError": 1,
    "_field_error": 1,
}
"""Which argument of a call is shown to people."""


def python_texts(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    constants = {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS):
            continue
        spoken = node.args[CALLS[node.func.id] : CALLS[node.func.id] + 1]
        for argument in spoken:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value
            elif isinstance(argument, ast.Name) and argument.id in constants:
                yield constants[argument.id]


def template_texts(path: Path) -> Iterator[str]:
    environment = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)
    for _line, _function, message in environment.extract_translations(path.read_text()):
        # Named parameters make it a tuple; None stands for what is no literal.
        yield from (part for part in ([message] if isinstance(message, str) else message or ()) if part)


def all_texts() -> set[str]:
    texts = {text for path in PACKAGE.rglob("*.py") for text in python_texts(path)}
    return texts | {text for path in PACKAGE.glob("templates/**/*.html") for text in template_texts(path)}


def catalogue() -> dict[str, str]:
    texts: dict[str, str] = {}
    for path in (PACKAGE / "locale/zh_CN/LC_MESSAGES").glob("*.po"):
        with path.open("rb") as file:
            texts |= {str(each.id): str(each.string) for each in read_po(file, locale="zh_CN") if not each.fuzzy}
    return texts


def test_nothing_is_left_in_english() -> None:
    known = catalogue()
    assert len(all_texts()) > 100
    assert sorted(text for text in all_texts() if not known.get(text)) == []


def test_both_languages_have_the_same_places_to_fill() -> None:
    for english, chinese in catalogue().items():
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", chinese)), english
