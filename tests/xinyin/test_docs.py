"""The documents keep up with the code."""

import re
from pathlib import Path

import pytest
import typer.main

from idp.settings import IdpSettings
from xinyin.cli.main import app
from xinyin.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def names(requirements: str) -> list[str]:
    lines = (ROOT / "requirements" / requirements).read_text().splitlines()
    return [re.split(r"[\[=<>]", line)[0] for line in lines if line and line[0] not in "#-"]


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_explained(name: str) -> None:
    assert f"XINYIN_{name.upper()}`" in (DOCS / "settings.md").read_text()


@pytest.mark.parametrize("name", sorted(set(IdpSettings.model_fields) - {"issuer", "population_register_url"}))
def test_every_setting_of_the_identity_provider_is_explained(name: str) -> None:
    assert f"`XINYIN_IDP_{name.upper()}`" in (DOCS / "settings.md").read_text()


@pytest.mark.parametrize("name", [name for name in names("run.in") + names("test.in") if not name.startswith("types-")])
def test_every_dependency_has_its_reason(name: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", (DOCS / "dependencies.md").read_text())


def glossary() -> list[tuple[str, str]]:
    rows = re.findall(r"^\| (.+?) \| .+? \| .*? \| `(.+?)` \|$", (DOCS / "GLOSSARY.md").read_text(), re.MULTILINE)
    assert rows
    return rows


@pytest.mark.parametrize(("term", "code_name"), glossary())
def test_every_code_name_of_the_glossary_is_in_the_code(term: str, code_name: str) -> None:
    packages = ("kernel", "seal", "idp", "sso_proxy", "licence_vault", "verify", "admin", "xinyin")
    sources = (path.read_text() for package in packages for path in (ROOT / package).rglob("*.py"))
    assert any(re.search(rf"\b{re.escape(code_name)}\b", source) for source in sources), term


@pytest.mark.parametrize("document", sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def commands() -> list[str]:
    """Every call of the program in the documents and the README."""
    texts = [path.read_text() for path in (*sorted(DOCS.rglob("*.md")), ROOT / "README.md")]
    found = re.findall(r"(?:`|^ *|\$\()(?:\.venv/bin/)?xinyin ([a-z][^`\n#)]*)", "\n".join(texts), re.MULTILINE)
    return sorted(set(map(str.strip, found)))


@pytest.mark.parametrize("line", commands())
def test_every_command_in_the_documents_exists_with_its_options(line: str) -> None:
    words = [word for word in line.split() if word != "…"]
    command = typer.main.get_command(app)
    while words and hasattr(command, "commands"):
        assert words[0] in command.commands, line
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    assert {word for word in words if word.startswith("-")} <= known | {"--no-gateway"}, line


@pytest.mark.parametrize("path", re.findall(r"`(tests/[\w/.]+)`", (DOCS / "threat-model.md").read_text()))
def test_every_test_that_the_threat_model_names_exists(path: str) -> None:
    assert (ROOT / path).exists()


def flow_symbols() -> list[tuple[str, str]]:
    """Every name of code that a flow page gives, with its page."""
    named = []
    for page in sorted((DOCS / "flows").glob("*.md")):
        for token in re.findall(r"`([A-Za-z_][\w.]*)`", page.read_text()):
            is_code = "." in token or token.startswith("_") or re.search(r"[a-z][A-Z]", token)
            if is_code and not token.endswith((".js", ".json")) and token not in AUDIT_EVENTS:
                named.append((page.name, token))
    return sorted(set(named))


AUDIT_EVENTS = frozenset(re.findall(r"^\| `([\w.-]+)` \|", (DOCS / "audit-events.md").read_text(), re.MULTILINE))


def sources() -> dict[str, str]:
    """Every module by its dotted name."""
    packages = ("kernel", "seal", "idp", "sso_proxy", "licence_vault", "verify", "admin", "xinyin")
    paths = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text() for path in paths}


def test_flow_pages_are_short_numbered_and_drawn() -> None:
    pages = sorted((DOCS / "flows").glob("*.md"))
    assert [page.name[0] for page in pages] == ["1", "2", "3", "4", "5"]
    for page in pages:
        text = page.read_text()
        assert text.count("\n") <= 80, page.name
        assert "```mermaid\nsequenceDiagram" in text, page.name
        assert "## In the audit trail" in text, page.name


@pytest.mark.parametrize(("page", "token"), flow_symbols())
def test_every_name_of_code_in_a_flow_is_in_the_code(page: str, token: str) -> None:
    parts, modules = token.split("."), sources()
    for length in range(len(parts) + 1):
        ending, symbols = ".".join(parts[:length]), parts[length:]
        fitting = [text for name, text in modules.items() if not ending or f".{name}".endswith(f".{ending}")]
        if any(
            all(re.search(rf"(?:def|class) {each}\b|^{each}\b", text, re.M) for each in symbols) for text in fitting
        ):
            return
    pytest.fail(f"{page}: {token}")
