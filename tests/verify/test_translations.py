"""Every text that verification shows exists in Chinese, with the same places to fill."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po
from jinja2 import Environment

PACKAGE = Path(__file__).parents[2] / "verify"
SPOKEN_CALLS = {"gettext", "passed", "failed", "warning", "undecided", "FieldError"}
SPOKEN_TABLES = ("_TITLES", "_SENTENCES", "_ACTIONS", "TIME_SOURCES", "SEAL_STATES")
ERRORS = {"InvalidInput", "RateLimited", "NotFound", "Gone", "TooLarge"}
# Said by the web shell, translated there.
ELSEWHERE = {"What you sent is too large. The limit is {limit}.", "This is not valid JSON.", "No end date"}


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
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in SPOKEN_CALLS | ERRORS:
                spoken = node.args[1:] if node.func.id == "FieldError" else node.args
                for argument in spoken:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value
                    elif isinstance(argument, ast.Name) and argument.id in constants:
                        yield constants[argument.id]
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id.endswith(SPOKEN_TABLES):
                yield from (value.value for value in node.value.values if isinstance(value, ast.Constant))


def template_texts(path: Path) -> Iterator[str]:
    environment = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)
    for _line, _function, message in environment.extract_translations(path.read_text()):
        # Named parameters make it a tuple; None stands for what is no literal.
        yield from (part for part in ([message] if isinstance(message, str) else message or ()) if part)


def all_texts() -> set[str]:
    texts = {text for path in PACKAGE.rglob("*.py") for text in python_texts(path)}
    texts |= {text for path in PACKAGE.glob("templates/**/*.html") for text in template_texts(path)}
    return texts - ELSEWHERE


def catalogue() -> dict[str, str]:
    with (PACKAGE / "locale/zh_CN/LC_MESSAGES/verify.po").open("rb") as file:
        known = [each for each in read_po(file, locale="zh_CN") if each.id and not each.fuzzy]
    texts = {}
    for each in known:
        ids = [each.id] if isinstance(each.id, str) else each.id
        texts |= {one: each.string if isinstance(each.string, str) else each.string[0] for one in ids}
    return texts


def test_every_text_is_translated() -> None:
    assert sorted(text for text in all_texts() if not catalogue().get(text)) == []


def test_no_translation_is_left_over() -> None:
    assert sorted(set(catalogue()) - all_texts()) == []


def test_translations_fill_the_same_places() -> None:
    def places(text: str) -> list[str]:
        return sorted(re.findall(r"\{(\w+)\}", text))

    assert [msgid for msgid, text in catalogue().items() if places(msgid) != places(text)] == []
