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
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED and node.args:
                if isinstance(node.args[0], ast.Constant):
                    texts.add(str(node.args[0].value))
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                if [target.id for target in node.targets if isinstance(target, ast.Name)] == ["DOES_NOT_HOLD"]:
                    texts.add(str(node.value.value))
    return texts


def test_every_text_is_translated_and_none_is_left_over() -> None:
    with (VAULT / "locale/zh_CN/LC_MESSAGES/ledger.po").open("rb") as file:
        translated = {str(each.id) for each in read_po(file, locale="zh_CN") if each.id and each.string}
    assert translated == said()
