"""The pages on errors and audit events list what the code has, no more and no less."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

from kernel.errors import XinyinError
from kernel.web.problems import STATUS, status_of
from licence_vault.issuing.changes import CHANGES
from seal.seals.seal import TRANSITIONS

ROOT = Path(__file__).parents[2]
PACKAGES = ("kernel", "seal", "idp", "sso_proxy", "licence_vault", "verify", "admin", "xinyin")
ACTION = re.compile(r"[a-z_]+(\.[a-z_-]+)+")
WRITERS = frozenset({"AuditEvent", "_record", "_note", "_event"})
"""What events are made by: the class, and the services' own methods around it."""


def documented_codes() -> dict[str, int]:
    rows = re.findall(r"^\| `([\w-]+)` \| (\d{3}) \|", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    return {code: int(status) for code, status in rows}


def kinds(kind: type[XinyinError] = XinyinError) -> Iterator[type[XinyinError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from kinds(each)


def import_everything() -> None:
    for package in PACKAGES:
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if "migrations" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def test_every_code_of_the_table_has_its_status_and_its_line() -> None:
    assert STATUS.items() <= documented_codes().items()


def test_every_kind_of_error_has_its_line_and_every_line_its_kind() -> None:
    import_everything()
    own = [kind for kind in kinds() if kind.__module__.split(".")[0] in PACKAGES]
    found = {kind.code: status_of(kind.__new__(kind)) for kind in own}
    assert len(own) > 30
    assert STATUS | found == documented_codes()


def documented_actions() -> list[str]:
    return re.findall(r"^\| `([\w.-]+)` \|", (ROOT / "docs/audit-events.md").read_text(), re.MULTILINE)


def trees() -> Iterator[ast.AST]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            yield ast.parse(path.read_text())


def written(tree: ast.AST) -> Iterator[ast.expr]:
    """What may name an action: arguments of writers, and what is assigned to `action`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in WRITERS:
                yield from node.args
                yield from (keyword.value for keyword in node.keywords if keyword.arg == "action")
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "action":
            yield node.value


def actions() -> set[str]:
    """Every action in the code; of one put together from parts, every form there is."""
    found, prefixes, verbs = set(), set(), set()
    for tree in trees():
        for value in written(tree):
            for part in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
                if isinstance(part, ast.JoinedStr) and isinstance(part.values[0], ast.Constant):
                    prefixes.add(str(part.values[0].value))
                elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                    (found if ACTION.fullmatch(part.value) else verbs).add(part.value)
    endings = {
        "licence.": set(CHANGES),
        "seal.": set(TRANSITIONS),
        "proxy.credential.": {"store", "stale", "forget"},
        "sharing.": {"query", "fetch", "verify"},
        "licence_collection.": {
            *("create", "scans", "clean", "accept", "accept_together", "reject"),
            *("resume", "cancel", "finish"),
        },
    }
    assert endings["proxy.credential."] <= verbs
    known = {prefix for prefix in prefixes if ACTION.fullmatch(f"{prefix}x")}
    return found | {prefix + ending for prefix in known for ending in endings[prefix]}


def test_every_audit_event_is_listed_and_nothing_else() -> None:
    listed = documented_actions()
    assert len(listed) == len(set(listed)) > 40
    assert actions() == set(listed)
