"""Sizes and names that keep the code readable: files, functions, folders. Exits 1 naming what is too big."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

MAX_LINES, MAX_TEST_LINES, MAX_FUNCTION, MAX_PARAMETERS, MAX_MODULES = 600, 900, 60, 6, 12
BANNED = {"utils", "helpers", "common", "misc", "manager"}
PACKAGES = ("kernel", "seal", "idp", "sso_proxy", "licence_vault", "verify", "admin", "xinyin")


def complaints(path: Path) -> list[str]:
    """What is wrong with one file."""
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    test = path.parts[0] in ("tests", "benchmarks")
    found = []
    if lines > (MAX_TEST_LINES if test else MAX_LINES):
        found.append(f"{path}: {lines} lines")
    if path.stem in BANNED:
        found.append(f"{path}: a name that says nothing")
    if not test:
        found += [f"{path}:{complaint}" for complaint in _functions(ast.parse(text))]
    return found


def _functions(tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > MAX_FUNCTION:
            found.append(f"{node.lineno}: {node.name} has {length} lines")
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args) if a.arg not in ("self", "cls")]
        if len(names) > MAX_PARAMETERS:
            found.append(f"{node.lineno}: {node.name} takes {len(names)} positional parameters")
    return found


def main() -> int:
    """Check every tracked Python file."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"], capture_output=True, text=True, check=True
    )
    paths = [Path(line) for line in listed.stdout.splitlines() if "/migrations/" not in line and Path(line).exists()]
    found = [complaint for path in paths for complaint in complaints(path)]
    folders = Counter(path.parent for path in paths if path.parts[0] in PACKAGES and path.name != "__init__.py")
    found += [f"{folder}: {count} modules" for folder, count in folders.items() if count > MAX_MODULES]
    print("\n".join(found) or "sizes and names: fine")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
