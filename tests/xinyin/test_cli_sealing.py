"""`xinyin seal sign`, run in process on a house of its own."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seal.validation.report import Indication
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore
from tests.houses import AGENCY, house_settings, make_seal
from tests.seal.ofd_samples import minimal_ofd
from tests.seal.pdf_samples import minimal_pdf
from xinyin.cli.main import app
from xinyin.house import open_house


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a house in it, and the id of a seal."""
    folder = tmp_path_factory.mktemp("sealing")

    async def make() -> str:
        async with open_house(house_settings(folder)) as house:
            seal_id = await make_seal(house, AGENCY)
            await house.seal.authority.export_trust(folder / "anchors")
            return seal_id

    return folder, asyncio.run(make())


@pytest.fixture
def command(place: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    folder, _seal = place
    monkeypatch.setenv("XINYIN_DATABASE_URL", f"sqlite+aiosqlite:///{folder / 'xinyin.db'}")
    monkeypatch.setenv("XINYIN_BLOB_URL", f"file:{folder / 'blobs'}")
    monkeypatch.setenv("XINYIN_KEYS", f"file:{folder / 'keys'}")
    monkeypatch.setenv("XINYIN_MASTER_KEY_FILE", str(folder / "master.key"))
    monkeypatch.setenv("XINYIN_TRUST_DIRECTORY", str(folder / "trust"))
    return CliRunner()


def passes(path: Path, folder: Path) -> bool:
    trust = TrustStore.load(folder / "anchors")
    return validate_document(path.read_bytes(), trust, at=datetime.now(UTC)).indication is Indication.PASSED


def test_a_file_is_sealed_on_a_keyword_and_over_the_edges(
    place: tuple[Path, str], command: CliRunner, tmp_path: Path
) -> None:
    folder, seal = place
    source, target = tmp_path / "a.ofd", tmp_path / "a-sealed.ofd"
    source.write_bytes(minimal_ofd(pages=3))

    result = command.invoke(
        app, ["seal", "sign", str(source), "--seal", seal, "-o", str(target), "--keyword", "执照", "--riding"]
    )

    assert (result.exit_code, result.stdout.split()[-1]) == (0, str(target)), result.output
    assert passes(target, folder)


def test_a_folder_is_sealed_and_what_failed_is_said(
    place: tuple[Path, str], command: CliRunner, tmp_path: Path
) -> None:
    folder, seal = place
    (tmp_path / "in" / "deeper").mkdir(parents=True)
    (tmp_path / "in" / "a.pdf").write_bytes(minimal_pdf())
    (tmp_path / "in" / "deeper" / "b.OFD").write_bytes(minimal_ofd())
    (tmp_path / "in" / "broken.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "in" / "notes.txt").write_text("not to be sealed")

    result = command.invoke(app, ["seal", "sign", str(tmp_path / "in"), "--seal", seal, "-o", str(tmp_path / "out")])

    assert result.exit_code == 1
    assert "2 of 3 files sealed" in result.output
    assert "broken.pdf" in result.output
    assert passes(tmp_path / "out" / "a.pdf", folder)
    assert passes(tmp_path / "out" / "deeper" / "b.OFD", folder)
    assert sorted(each.name for each in (tmp_path / "out").rglob("*") if each.is_file()) == ["a.pdf", "b.OFD"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--page", "x"], "--page takes"),
        (["--at", "1"], "--at takes"),
        (["--at", "500,0"], "does not fit"),
        (["--at", "10,10", "--page", "9"], "no page 9"),
        (["--keyword", "不在此处"], "does not contain"),
        (["--level", "B-X"], "B-X"),
    ],
)
def test_what_cannot_be_done_is_said(
    place: tuple[Path, str], command: CliRunner, tmp_path: Path, options: list[str], words: str
) -> None:
    (tmp_path / "a.pdf").write_bytes(minimal_pdf())

    result = command.invoke(
        app, ["seal", "sign", str(tmp_path / "a.pdf"), "--seal", place[1], "-o", str(tmp_path / "b.pdf"), *options]
    )

    assert result.exit_code != 0
    assert words in result.output + str(result.exception)
    assert not (tmp_path / "b.pdf").exists()
