"""A foreign OFD library (ofdrw, Java) accepts our licences, draws them as our PDF looks, and refuses changed ones.

Needs a JDK and Maven; run by `make interop`.
"""

import asyncio
import shutil
import subprocess
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import numpy
import pypdfium2
import pytest
from PIL import Image, ImageFilter

from seal.documents.ofd.signing import OfdSealRequest, OfdSignRequest, seal_ofd, sign_ofd
from seal.documents.positions import PageSize, StampPosition, riding_positions
from tests.houses import food_order, opened
from tests.seal.documents.test_ofd_writing import everything
from tests.seal.pki import NOW, SealPki

HERE = Path(__file__).parent / "ofdrw"
Judge = Callable[..., tuple[str, Path]]
"""From a file, and "sign" where it has signatures without a seal, to the verdict and the picture of its page."""

pytestmark = pytest.mark.skipif(
    not (shutil.which("mvn") and shutil.which("javac")), reason="a JDK and Maven cannot be had on this machine"
)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Compile the judge against the library from its registry."""
    folder = tmp_path_factory.mktemp("ofdrw")
    for name in ("pom.xml", "Judge.java"):
        shutil.copy(HERE / name, folder)
    subprocess.run(["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], cwd=folder, check=True)
    subprocess.run(["javac", "-cp", "lib/*", "Judge.java"], cwd=folder, check=True)

    def run(file: Path, *kind: str) -> tuple[str, Path]:
        page = folder / f"{file.stem}.png"
        done = subprocess.run(
            ["java", "-cp", "lib/*:.", "Judge", str(file), str(page), *kind],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip(), page

    return run


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[dict[str, Path]]:
    """A licence's two files."""
    async with opened(tmp_path) as world:
        vault = world.house.licence_vault
        licence = await vault.issuing.issue(food_order(), world.requester())
        paths = {format: tmp_path / f"licence.{format}" for format in ("ofd", "pdf")}
        for format, path in paths.items():
            path.write_bytes(await vault.lookup.file(licence, format))
        yield paths


async def test_the_seal_is_accepted_and_the_page_looks_like_the_pdf(files: dict[str, Path], judge: Judge) -> None:
    verdict, page = await asyncio.to_thread(judge, files["ofd"])
    assert verdict == "VALID"
    theirs = Image.open(page).convert("L")
    document = pypdfium2.PdfDocument(files["pdf"])
    document.init_forms()
    ours = document[0].render(scale=theirs.width / document[0].get_width(), may_draw_forms=True).to_pil().convert("L")
    first, second = (_soft(image, theirs.size) for image in (theirs, ours))
    assert numpy.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.95


async def test_a_changed_page_is_refused(files: dict[str, Path], judge: Judge, tmp_path: Path) -> None:
    changed = tmp_path / "changed.ofd"
    with zipfile.ZipFile(files["ofd"]) as package, zipfile.ZipFile(changed, "w") as copy:
        for name in package.namelist():
            data = package.read(name)
            copy.writestr(name, data.replace("示例".encode(), "赝品".encode()).replace(b"JY1", b"JY2"))
    verdict, _page = await asyncio.to_thread(judge, changed)
    assert verdict.startswith("REFUSED")


def _ways(pki: SealPki) -> dict[str, bytes]:
    """A document sealed in every way that takes a seal."""
    request = OfdSealRequest(pki.seal, pki.signer.key, pki.signer.certificate.der, (), NOW)
    pages = riding_positions([PageSize(100, 60), PageSize(60, 100)], width_mm=30, height_mm=30)
    once = seal_ofd(everything().write(), request_at(request, StampPosition(1, 5, 5, 30, 30)))
    return {
        "once": once,
        "twice": seal_ofd(once, request_at(request, StampPosition(1, 20, 10, 30, 30))),
        "riding": seal_ofd(everything().write(), request_at(request, *pages)),
        "closed": seal_ofd(
            everything().write(), replace(request_at(request, StampPosition(1, 5, 5, 30, 30)), protection="whole")
        ),
    }


def request_at(request: OfdSealRequest, *positions: StampPosition) -> OfdSealRequest:
    """The request with other places."""
    return replace(request, positions=positions)


@pytest.mark.parametrize("way", ["once", "twice", "riding", "closed"])
def test_every_way_of_sealing_is_accepted(judge: Judge, tmp_path: Path, way: str) -> None:
    file = tmp_path / f"{way}.ofd"
    file.write_bytes(_ways(SealPki())[way])

    verdict, page = judge(file)

    assert verdict == "VALID"
    assert Image.open(page).width > 100


def test_a_signature_without_a_seal_is_accepted_in_its_plain_form(judge: Judge, tmp_path: Path) -> None:
    """ofdrw does not read the form with attributes; other products write nothing else."""
    pki, file = SealPki(), tmp_path / "signed.ofd"
    request = OfdSignRequest(pki.signer.key, pki.signer.certificate.der, NOW, form="plain")
    file.write_bytes(sign_ofd(everything().write(), request))

    assert judge(file, "sign")[0] == "VALID"


def _soft(image: Image.Image, size: tuple[int, int]) -> "numpy.typing.NDArray[numpy.float64]":
    """Blurred and small, so that two ways of smoothing edges do not count."""
    small = image.resize((size[0] // 4, size[1] // 4)).filter(ImageFilter.GaussianBlur(2))
    return numpy.asarray(small, dtype=float)
