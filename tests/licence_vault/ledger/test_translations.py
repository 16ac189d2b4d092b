"""Every text of the transparency log exists in Chinese, and none is left over."""

import ast
from pathlib import Path

from babel.messages.pofile import read_po

VAULT = Path(__file__).parents[3] / "licence_vault"
RAISED = {
    "ConfigurationError", "IntegrityError", "InvalidCheckpoint", "InvalidInput", "InvalidProof", "NotFound", "_Broken",
}  # fmt: skip


def said() -> set[str]:
    """The first argument of every error that the log raises, and the constant that stands for one."""
    texts = set()
    for path in (VAULT / "ledger").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=text), *_]) if name in RAISED:
                    texts.add(str(text))
                case ast.Assign(targets=[ast.Name(id="DOES_NOT_HOLD")], value=ast.Constant(value=text)):
                    texts.add(str(text))
    return texts


def test_every_text_is_translated_and_none_is_left_over() -> None:
    with (VAULT / "locale/zh_CN/LC_MESSAGES/ledger.po").open("rb") as file:
        translated = {str(each.id) for each in read_po(file, locale="zh_CN") if each.id and each.string}
    assert translated == said()
