"""`xinyin ofd`: pages as pictures and what a file holds."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from PIL import Image

from tests.seal.ofd_samples import minimal_ofd
from xinyin.cli.main import main


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(list(map(str, arguments)))
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An OFD of two pages."""
    path = tmp_path / "file.ofd"
    path.write_bytes(minimal_ofd(pages=2))
    return path


def test_a_page_becomes_a_picture(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.png"

    code, out, _err = run("ofd", "render", file, "-o", target, "--page", "2", "--dpi", "50.8")

    assert (code, out.strip()) == (0, str(target))
    width, height = Image.open(target).size
    assert (width, abs(height - 594) <= 1) == (420, True)


def test_what_a_file_holds_is_listed(file: Path) -> None:
    code, out, _err = run("ofd", "info", file, "--json")

    assert code == 0
    assert json.loads(out) == [{"document": "Doc_0/Document.xml", "pages": 2, "signatures": 0}]


def test_a_page_or_file_that_is_not_there_is_one_line(file: Path, tmp_path: Path) -> None:
    for arguments in (("render", file, "--page", "3"), ("render", tmp_path / "none.ofd"), ("info", __file__)):
        code, out, err = run("ofd", *arguments)

        assert code != 0
        assert out == ""
        assert len(err.strip().splitlines()) == 1
