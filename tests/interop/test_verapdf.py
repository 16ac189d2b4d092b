"""The PDF Association's own checker (veraPDF, Java) finds our sealed licences to be PDF/A-3b, and changed ones not.

Needs a Java runtime, and Maven to fetch the checker; run by `make interop`.
"""

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from seal.documents.levels import LEVELS, PadesLevel
from seal.documents.pdf.levels import Evidence
from seal.documents.pdf.signing import PdfSealRequest, seal_pdf
from seal.documents.positions import PageSize, StampPosition, riding_positions
from tests.houses import CITIZEN_NAME, CITIZEN_NUMBER, COMPANY_NAME, COMPANY_NUMBER, opened
from tests.licence_vault.layout.samples import example
from tests.seal.pki import NOW, SEAL_NAME, TINY_PNG, SealPki
from tests.seal.stamping import Stamper

HERE = Path(__file__).parent / "verapdf"
HOLDERS = {
    "001": {"kind": "legal", "id_type": "001", "number": COMPANY_NUMBER, "name": COMPANY_NAME},
    "111": {"kind": "natural", "id_type": "111", "number": CITIZEN_NUMBER, "name": CITIZEN_NAME},
}
Checker = Callable[[Path], dict[str, str]]
"""From a folder of PDF files to PASS or FAIL for each of them."""

pytestmark = pytest.mark.skipif(
    not (shutil.which("mvn") and shutil.which("java")), reason="Java and Maven cannot be had on this machine"
)


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Checker:
    """The checker, fetched from its registry."""
    folder = tmp_path_factory.mktemp("verapdf")
    shutil.copy(HERE / "pom.xml", folder)
    fetch = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"]
    fetched = subprocess.run(fetch, cwd=folder, capture_output=True, text=True, check=False)
    if fetched.returncode:
        pytest.skip(f"veraPDF cannot be fetched here: {fetched.stdout[-300:]}")

    def check(files: Path) -> dict[str, str]:
        command = [
            "java",
            "-cp",
            "lib/*",
            "org.verapdf.apps.GreenfieldCliWrapper",
            "--flavour",
            "3b",
            "--format",
            "text",
        ]
        paths = sorted(map(str, files.glob("*.pdf")))
        done = subprocess.run([*command, *paths], cwd=folder, capture_output=True, text=True, check=False)
        lines = [line.split() for line in done.stdout.splitlines() if line.startswith(("PASS", "FAIL"))]
        return {Path(line[1]).stem: line[0] for line in lines}

    return check


async def test_licences_of_every_shipped_type_comply_once_sealed(checker: Checker, tmp_path: Path) -> None:
    files, codes = tmp_path / "files", set()
    files.mkdir()
    async with opened(tmp_path) as world:
        vault = world.house.licence_vault
        for licence_type in await vault.catalogue.list():
            licence = await vault.issuing.issue(licence_type.example_order(HOLDERS), world.requester())
            (files / f"{licence_type.code}.pdf").write_bytes(await vault.lookup.file(licence, "pdf"))
            codes.add(licence_type.code)
        carrying = dict(licence_type.document) | {"pdf_carries_ofd": True, "version": licence_type.version + 1}
        await vault.catalogue.publish(carrying, actor=world.requester().actor)
        licence = await vault.issuing.issue(licence_type.example_order(HOLDERS), world.requester())
        (files / "carrying.pdf").write_bytes(await vault.lookup.file(licence, "pdf"))
        codes.add("carrying")

    assert len(codes) == 7
    assert await asyncio.to_thread(checker, files) == dict.fromkeys(codes, "PASS")


def test_every_way_of_sealing_keeps_a_file_compliant(checker: Checker, tmp_path: Path) -> None:
    """Levels with time stamps and evidence, riding seals, signatures that show nothing, and several of them."""
    pki, page = SealPki(), example("real-estate-title.json")
    whole = (StampPosition(1, 20, 20, 42, 42),)
    sizes = [PageSize(each.width, each.height) for each in page.document.drawing.pages]
    ways = {level: seal_pdf(page.pdf, _request(pki, whole, level)) for level in LEVELS}
    ways["riding"] = seal_pdf(page.pdf, _request(pki, riding_positions(sizes, width_mm=42, height_mm=42)))
    ways["unseen"] = seal_pdf(page.pdf, _request(pki, ()))
    ways["twice"] = seal_pdf(ways["B-LTA"], _request(pki, whole, "B-LTA"))
    for name, sealed in ways.items():
        (tmp_path / f"{name}.pdf").write_bytes(sealed)

    assert checker(tmp_path) == dict.fromkeys(ways, "PASS")


@pytest.mark.parametrize(
    ("ours", "changed"),
    [
        (b"/AFRelationship", b"/AFRelationshiq"),
        (b"<pdfaid:part>3", b"<pdfaid:part>1"),
        (b"/OutputIntents", b"/OutputIntentz"),
    ],
    ids=["attachment", "metadata", "colours"],
)
def test_a_file_without_what_the_standard_asks_for_is_found(
    checker: Checker, tmp_path: Path, ours: bytes, changed: bytes
) -> None:
    pdf = example("food-business.json").pdf
    assert pdf.count(ours) == 1
    (tmp_path / "changed.pdf").write_bytes(pdf.replace(ours, changed))

    assert checker(tmp_path) == {"changed": "FAIL"}


def _request(pki: SealPki, positions: Sequence[StampPosition], level: PadesLevel = "B-B") -> PdfSealRequest:
    issuing = pki.p256.issuing.certificate.der
    return PdfSealRequest(
        pki.pdf_signer.key,
        (pki.pdf_signer.certificate.der, issuing),
        TINY_PNG,
        SEAL_NAME,
        positions,
        NOW,
        level=level,
        stamp=Stamper(pki.p256, NOW),
        evidence=Evidence((issuing,), (pki.p256.crl(at=NOW),)),
    )
