"""Finds every English text a package shows to people, by reading its source rather than running it.

Python by its syntax tree: `gettext`, `ngettext`, `_` and `N_`; the message of any error of the XinyinError family, of
`FieldError` and of `NavLink`, also where it stands in a variable or a module's constant first; tables of constants
named in `TEXT_TABLES`. An error's text that begins with a small letter is a reason for programs, not for people.
Templates by Jinja2's own extractor.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2.ext import babel_extract

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("kernel", "idp", "seal", "sso_proxy", "licence_vault", "verify", "admin", "xinyin")
TRANSLATING = {"gettext": 1, "_": 1, "N_": 1, "ngettext": 2}
TEXT_TABLES = {"TITLES", "NEXT_STEPS", "VALIDATION_MESSAGES"}
# Read by operators as the process refuses to start, and by developers in an OAuth answer (RFC 6749 §5.2): in English.
ENGLISH_ONLY = {"ConfigurationError", "OAuthError"}

Where = dict[str, str]


@cache
def trees(package: str) -> dict[Path, ast.Module]:
    """The syntax tree of each module of the package."""
    paths = sorted(path for path in (REPOSITORY / package).rglob("*.py") if "migrations" not in path.parts)
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def error_classes() -> frozenset[tuple[str, str]]:
    """(module, name) of XinyinError and of everything derived from it, in every package."""
    bases: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for package in PACKAGES:
        for path, tree in trees(package).items():
            module, names = module_name(path), imported(path, tree)
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    parents = (_last_name(base) for base in node.bases)
                    bases[module, node.name] = {names.get(parent, (module, parent)) for parent in parents}
    family = {("kernel.errors", "XinyinError")}
    while grown := {name for name, parents in bases.items() if parents & family} - family:
        family |= {name for name in grown if name[1] not in ENGLISH_ONLY}
        bases = {name: parents for name, parents in bases.items() if name[1] not in ENGLISH_ONLY}
    return frozenset(family)


def imported(path: Path, tree: ast.Module) -> dict[str, tuple[str, str]]:
    """Names this module took from elsewhere or defines: name → (module, name there)."""
    names = {node.name: (module_name(path), node.name) for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.update({each.asname or each.name: (node.module, each.name) for each in node.names})
    return names


def module_name(path: Path) -> str:
    """The dotted name of a file of the repository."""
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


@cache
def constants() -> dict[str, str]:
    """Texts in module-level constants, by name; for those imported elsewhere."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        for tree in trees(package).values():
            for node in tree.body:
                found.update(_assigned(node))
    return found


@cache
def msgids(package: str) -> Where:
    """Each English text of the package and the first place it stands in, as `file:line`."""
    found: Where = {}
    for path, tree in trees(package).items():
        errors = {name for name, there in imported(path, tree).items() if there in error_classes()}
        for line, text in _of_module(tree, errors):
            found.setdefault(text, f"{path.relative_to(REPOSITORY)}:{line}")
    for path in sorted((REPOSITORY / package).rglob("templates/**/*.*")):
        with path.open("rb") as file:
            for line, _function, texts, _comments in babel_extract(file, ("_", "gettext", "ngettext"), [], {}):
                for text in texts if isinstance(texts, tuple) else (texts,):
                    if text:
                        found.setdefault(text, f"{path.relative_to(REPOSITORY)}:{line}")
    return found


def _of_module(tree: ast.Module, errors: set[str]) -> Iterator[tuple[int, str]]:
    local: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        for name, text in _assigned(node).items():
            local.setdefault(name, set()).add(text)
    for node in ast.walk(tree):
        for expression, is_error in _shown(node, errors):
            for text in _texts(expression, local):
                if not (is_error and text[0].islower()):
                    yield expression.lineno, text


def _shown(node: ast.AST, errors: set[str]) -> Iterator[tuple[ast.expr, bool]]:
    """The expressions of this node that people read, and whether they are an error's message."""
    if isinstance(node, ast.Call):
        is_error = _last_name(node.func) in errors
        yield from ((argument, is_error) for argument in _shown_arguments(node, errors))
    elif isinstance(node, ast.ClassDef) and node.name in errors:
        calls = (each for each in ast.walk(node) if isinstance(each, ast.Call) and _is_super_init(each))
        yield from ((call.args[0], True) for call in calls if call.args)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id in TEXT_TABLES for target in targets):
            yield from ((value, False) for value in node.value.values)


def _shown_arguments(call: ast.Call, errors: set[str]) -> list[ast.expr]:
    name = _last_name(call.func)
    if name in TRANSLATING:
        return call.args[: TRANSLATING[name]]
    if name == "FieldError":
        return call.args[1:2] + [each.value for each in call.keywords if each.arg == "message"]
    if name == "NavLink":
        group = [each.value for each in call.keywords if each.arg in {"group", "label"}]
        return call.args[:1] + call.args[3:4] + group
    if name in errors:
        return call.args[:1] + [each.value for each in call.keywords if each.arg == "message"]
    return []


def _texts(node: ast.expr, local: dict[str, set[str]]) -> Iterator[str]:
    """The texts an expression may stand for."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, local)
        yield from _texts(node.orelse, local)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _texts(value, local)
    elif isinstance(node, ast.Name):
        known = local.get(node.id) or ({constants()[node.id]} if node.id in constants() else set())
        yield from sorted(text for text in known if _is_prose(text))


def _is_prose(text: str) -> bool:
    """A variable of the same name elsewhere may hold a code; people's words begin with a capital or hold a space."""
    return bool(re.search(r"[A-Za-z]", text)) and (" " in text.strip() or text[0].isupper())


def _assigned(node: ast.AST) -> dict[str, str]:
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return {}
    if not isinstance(node.value, ast.Constant) or not isinstance(node.value.value, str):
        return {}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.id: node.value.value for target in targets if isinstance(target, ast.Name)}


def _is_super_init(call: ast.Call) -> bool:
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "__init__"
        and isinstance(function.value, ast.Call)
        and _last_name(function.value.func) == "super"
    )


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
