"""Which texts a package says to people, read from its source, and which of them its catalogue translates."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from babel.messages.pofile import read_po
from jinja2 import Environment

ROOT = Path(__file__).parents[1]
# Calls whose text arguments are said to people; FieldError's first argument is a name.
SPOKEN_CALLS = {
    "gettext", "passed", "failed", "warning", "undecided", "FieldError", "NavLink", "Figure", "Task",
    "InvalidInput", "RateLimited", "NotFound", "Gone", "TooLarge", "Forbidden", "Conflict",
    "Unavailable",
}  # fmt: skip
SPOKEN_TABLES = ("_TITLES", "_SENTENCES", "_ACTIONS", "_NAMES", "_HINTS", "_WORDS", "TIME_SOURCES", "SEAL_STATES")


def spoken_by(package: str) -> set[str]:
    """Every text of the package that people read."""
    root = ROOT / package
    texts = {text for path in root.rglob("*.py") for text in _python_texts(path)}
    return texts | {text for path in root.glob("templates/**/*.html") for text in _template_texts(path)}


def catalogue(package: str) -> dict[str, str]:
    """The package's Chinese by English, plural forms each on their own."""
    texts: dict[str, str] = {}
    for path in (ROOT / package).glob("locale/zh_CN/LC_MESSAGES/*.po"):
        with path.open("rb") as file:
            for each in read_po(file, locale="zh_CN"):
                if each.id and not each.fuzzy:
                    ids = [each.id] if isinstance(each.id, str) else each.id
                    texts |= {one: each.string if isinstance(each.string, str) else each.string[0] for one in ids}
    return texts


def different_places(texts: Mapping[str, str]) -> list[str]:
    """Texts whose translation does not fill the same `{places}`."""
    return [
        msgid
        for msgid, text in texts.items()
        if sorted(re.findall(r"\{(\w+)\}", msgid)) != sorted(re.findall(r"\{(\w+)\}", text))
    ]


def _python_texts(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SPOKEN_CALLS:
            spoken = node.args[1:] if node.func.id == "FieldError" else node.args
            yield from _texts_of(spoken, constants)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id.endswith(SPOKEN_TABLES):
                yield from _texts_of(node.value.values, constants)


def _texts_of(nodes: Iterable[ast.expr], constants: Mapping[str, str]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Tuple):
            yield from _texts_of(node.elts, constants)
        elif isinstance(node, ast.IfExp):
            yield from _texts_of((node.body, node.orelse), constants)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not _is_code(node.value):
            yield node.value
        elif isinstance(node, ast.Name) and node.id in constants and not _is_code(constants[node.id]):
            yield constants[node.id]


def _is_code(text: str) -> bool:
    return text.startswith("/") or (text.islower() and " " not in text and bool(re.search(r"[/:._]", text)))


def _template_texts(path: Path) -> Iterator[str]:
    environment = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)
    for _line, _function, message in environment.extract_translations(path.read_text(encoding="utf-8")):
        # Named parameters make it a tuple; None stands for what is no literal.
        yield from (part for part in ([message] if isinstance(message, str) else message or ()) if part)
