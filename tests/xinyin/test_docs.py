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
