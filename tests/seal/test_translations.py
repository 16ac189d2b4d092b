"""Every text that sealing shows exists in Chinese, with the same places to fill."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po

PACKAGE = Path(__file__).parents[2] / "seal"
CHECKS = {"passed", "failed", "warning", "undecided"}
ERRORS = {
    "InvalidInput", "NotFound", "Conflict", "Forbidden", "Unavailable", "ConfigurationError", "IntegrityError",
    "UnreadablePackage", "UnreadablePdf", "FieldError", "_unreadable",
    "UseRefused", "RateLimited", "_fault", "_refused", "TooLarge", "Gone",
}  # fmt: skip
# Said by the kernel too and translated there.
ELSEWHERE = {
    "There is no key called {name}.",  # the key store says so too
    "The certificate cannot be read.",
    "The issuer of the certificate of {subject} is not trusted here.",
    "Some fields need your attention.",
    "Send at most {count} files at once.",
    "What you sent is too large. The limit is {limit}.",
    "Idempotency-Key",  # a header's name
    "There is no such field.",
    "This must be true or false.",
    "Choose one of the listed values.",
    "This is too long.",
    "Fill in this field.",
}


def texts_of(path: Path) -> Iterator[str]:
    """String constants that are said: names of checks, and texts among the arguments of checks and errors."""
    tree = ast.parse(path.read_text())
    constants = dict(assigned(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if called in CHECKS | ERRORS or called == "__init__":
            for argument in node.args:
                text = argument.value if isinstance(argument, ast.Constant) else None
                if isinstance(argument, ast.Name):
                    text = constants.get(argument.id)
                if isinstance(text, str) and is_said(text):
                    yield text


def assigned(tree: ast.AST) -> Iterator[tuple[str, object]]:
    """Names bound to one string, also inside functions (`detail = "…"`)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value.value


def is_said(text: str) -> bool:
    """Sentences and names begin with a capital; fields and codes do not."""
    return bool(text) and text[0].isupper() and not text.isupper()


def details(path: Path) -> Iterator[str]:
    """Every `detail = "…"`, `outside = "…"` and `message = "…"`: one name is bound to several texts."""
    for name, value in assigned(ast.parse(path.read_text())):
        if name in {"detail", "outside", "message", "unreadable"} and isinstance(value, str):
            yield value


def check_names(path: Path) -> Iterator[str]:
    """Constants in capitals that hold a name of a check."""
    for name, value in assigned(ast.parse(path.read_text())):
        if name.isupper() and isinstance(value, str) and re.fullmatch(r"[A-Z][a-z']+( [\w']+)*", value):
            yield value


def tables(path: Path) -> Iterator[str]:
    """The values of every `…_SENTENCES`."""
    for node in ast.walk(ast.parse(path.read_text())):
        table = node.value if isinstance(node, ast.AnnAssign) else None
        if isinstance(node, ast.AnnAssign) and isinstance(table, ast.Dict) and "_SENTENCES" in ast.unparse(node.target):
            yield from (ast.literal_eval(value) for value in table.values)


def all_texts() -> set[str]:
    texts: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        texts |= {*texts_of(path), *details(path), *tables(path)}
        if "validation" in path.parts:
            texts |= set(check_names(path))
    return texts - ELSEWHERE


def catalogue() -> dict[str, str]:
    with (PACKAGE / "locale/zh_CN/LC_MESSAGES/seal.po").open("rb") as file:
        known = read_po(file, locale="zh_CN")
    return {str(each.id): str(each.string) for each in known if each.id and not each.fuzzy}


def test_every_text_is_translated() -> None:
    assert sorted(text for text in all_texts() if not catalogue().get(text)) == []


def test_no_translation_is_left_over() -> None:
    assert sorted(set(catalogue()) - all_texts()) == []


def test_translations_fill_the_same_places() -> None:
    def places(text: str) -> list[str]:
        return sorted(re.findall(r"\{(\w+)\}", text))

    assert [msgid for msgid, text in catalogue().items() if places(msgid) != places(text)] == []
