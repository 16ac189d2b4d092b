"""A foreign reader of OFD (easyofd, Python) opens our licences and shows the page and the seal.

It is installed into an environment of its own for this check alone (it brings PyMuPDF along, AGPL); where the registry
cannot be reached, the check is left out. npm's ofd.js cannot be tried: since version 1.5 it refuses every file without
a key from its vendor.
"""

import subprocess
import sys
import venv
from pathlib import Path

import numpy
import pytest
from PIL import Image

from seal.documents.ofd.signing import OfdSealRequest, seal_ofd
from seal.documents.positions import StampPosition
from tests.licence_vault.layout.samples import TYPE_FILES, example
from tests.seal.pki import NOW, SealPki

SHOW = """
import base64, sys
from easyofd import OFD
reader = OFD()
reader.read(base64.b64encode(open(sys.argv[1], "rb").read()).decode(), save_xml=False)
reader.to_jpg()[0].save(sys.argv[2])
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has easyofd."""
    folder = tmp_path_factory.mktemp("easyofd")
    venv.create(folder, with_pip=True)
    program = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    install = [str(program), "-m", "pip", "install", "-q", "--disable-pip-version-check", "easyofd"]
    if subprocess.run(install, capture_output=True, timeout=600, check=False).returncode:
        pytest.skip("easyofd cannot be had on this machine")
    return program


def test_it_opens_a_sealed_licence_and_shows_the_seal(python: Path, tmp_path: Path) -> None:
    pki, sample = SealPki(), example(TYPE_FILES[1])
    place = StampPosition(1, 180, 120, 42, 42)
    request = OfdSealRequest(pki.seal, pki.signer.key, pki.signer.certificate.der, (place,), NOW)
    file, picture = tmp_path / "licence.ofd", tmp_path / "page.png"
    file.write_bytes(seal_ofd(sample.ofd, request))

    subprocess.run([python, "-c", SHOW, file, picture], cwd=tmp_path, check=True, capture_output=True, timeout=300)

    page = Image.open(picture).convert("RGB")
    drawn = sample.document.drawing.pages[0]
    assert page.width / page.height == pytest.approx(drawn.width / drawn.height, rel=0.01)
    scale = page.width / drawn.width
    middle = ((place.x_mm + 21) * scale, (place.y_mm + 21) * scale)
    red, green, _blue = page.getpixel((round(middle[0]), round(middle[1])))  # type: ignore[misc] - it is RGB
    assert (red > 200, green < 60) == (True, True)
    assert numpy.asarray(page.convert("L")).mean() < 250
