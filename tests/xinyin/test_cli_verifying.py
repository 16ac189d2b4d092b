"""`xinyin verify` of many files, and of reports, with a trust folder alone."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from kernel.errors import InvalidInput
from tests.seal.pki import NOW, SealPki
from tests.verify.sealed_files import sealed_ofd
from tests.verify.world import Trust
from verify.trust_list.directory import export_trust_list
from xinyin.cli.main import app


@pytest.fixture(scope="module")
def pki() -> SealPki:
    return SealPki()


@pytest.fixture
async def folder(tmp_path: Path, pki: SealPki) -> Path:
    """A trust folder."""
    export_trust_list(await Trust(pki).published(), tmp_path / "trust")
    return tmp_path / "trust"


@pytest.fixture
def batch(tmp_path: Path, pki: SealPki) -> Path:
    """A ZIP with a sealed file and one that is none."""
    path = tmp_path / "batch.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.ofd", sealed_ofd(pki, None))
        archive.writestr("bad.pdf", b"not a pdf")
    return path


def xinyin(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_many_files_give_a_line_each(batch: Path, folder: Path) -> None:
    done = xinyin("verify", batch, "--trust", folder, "--json-lines", "--language", "en")
    told = lines(done.stdout)
    assert [each["name"] for each in told] == ["good.ofd", "bad.pdf"]
    assert told[0]["signatures"][0]["kind"] == "SES"
    assert told[1]["sub_indication"] == "FORMAT_FAILURE"
    assert done.exit_code == 1


def test_a_second_run_goes_on_where_the_first_was_stopped(batch: Path, folder: Path, tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    before = json.dumps({"name": "good.ofd", "indication": "TOTAL-PASSED", "mark": "first run"})
    results.write_text(before + '\n{"name": "bad.pdf", "indica')
    done = xinyin("verify", batch, "--trust", folder, "--report", results)
    told = lines(results.read_text())
    assert [each["name"] for each in told] == ["good.ofd", "bad.pdf"]
    assert told[0]["mark"] == "first run"
    assert "1  TOTAL-PASSED" in done.stdout


def test_a_list_that_is_none_is_left_alone(batch: Path, folder: Path, tmp_path: Path) -> None:
    results = tmp_path / "letter.txt"
    results.write_text("dear all\n")
    done = xinyin("verify", batch, "--trust", folder, "--report", results)
    assert isinstance(done.exception, InvalidInput)
    assert results.read_text() == "dear all\n"


def test_a_report_that_is_none_does_not_hold(folder: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"indication": "TOTAL-PASSED", "checked_at": NOW.isoformat()}))
    done = xinyin("verify", "--report", report, "--trust", folder, "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["outcome"] == "unsigned"


def test_nothing_to_verify_is_wrong_usage() -> None:
    assert xinyin("verify").exit_code == 2
