"""What Debian's own programs say of a licence's files: none shares a line with us."""

import base64
import hashlib
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from tests.demo_house import Demo
from tests.flows.people import CITIZEN_NAME, FOOD, Agency

pytestmark = pytest.mark.xdist_group("demo")

# SM2 hashes the signer's id into what it signs; certificates name none, and GB/T 35276 then gives this one.
SIGNER_ID = {True: ("-vfyopt", "distid:1234567812345678"), False: ()}
OFD = "{http://www.ofdspec.org/2016}"


@pytest.fixture(scope="module")
def files(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both files of a licence issued just now."""
    agency = Agency(demo)
    licence = agency.issue()
    folder = tmp_path_factory.mktemp("files")
    for format in ("ofd", "pdf"):
        (folder / f"licence.{format}").write_bytes(agency.file(licence["id"], format))
    return {format: folder / f"licence.{format}" for format in ("ofd", "pdf")}


def told(*command: str | Path) -> str:
    """The standard output of a program that succeeds."""
    if not shutil.which(str(command[0])):
        pytest.skip(f"{command[0]} is not on this machine")
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def is_sm2(certificate: Path) -> bool:
    """Whether SM2 signed this certificate."""
    return "Signature Algorithm: SM2-with-SM3" in told("openssl", "x509", "-noout", "-text", "-in", certificate)


def test_qpdf_finds_nothing_wrong(files: dict[str, Path]) -> None:
    assert "No syntax or stream encoding errors" in told("qpdf", "--check", files["pdf"])


def test_poppler_finds_the_signature_valid_and_whole(files: dict[str, Path]) -> None:
    said = told("pdfsig", "-nocert", files["pdf"])
    assert "Signature is Valid" in said
    assert "Total document signed" in said


def test_poppler_reads_what_the_licence_says(files: dict[str, Path]) -> None:
    text = "".join(told("pdftotext", "-layout", files["pdf"], "-").split())
    assert FOOD in text
    assert CITIZEN_NAME in text


def test_the_ofd_is_a_whole_package(files: dict[str, Path]) -> None:
    with zipfile.ZipFile(files["ofd"]) as package:
        assert package.testzip() is None
        assert all(
            etree.fromstring(package.read(name)) is not None for name in package.namelist() if name[-3:] == "xml"
        )


def test_openssl_finds_the_digests_that_the_seal_signs(files: dict[str, Path], tmp_path: Path) -> None:
    """GB/T 33190 §18: `Signature.xml` holds the SM3 digest of every file that the seal protects."""
    with zipfile.ZipFile(files["ofd"]) as package:
        package.extractall(tmp_path)
    signature = etree.parse(tmp_path / "Doc_0/Signs/Sign_0/Signature.xml")
    references = signature.findall(f".//{OFD}Reference")
    assert len(references) >= 10
    for reference in references:
        path = tmp_path / reference.get("FileRef", "").lstrip("/")
        digest = told("openssl", "dgst", "-sm3", "-r", path).split()[0]
        assert base64.b64decode(reference.findtext(f"{OFD}CheckValue", "")).hex() == digest, path


def test_openssl_finds_the_digest_that_the_public_log_holds(demo: Demo, files: dict[str, Path]) -> None:
    digest = told("openssl", "dgst", "-sha256", "-r", files["pdf"]).split()[0]
    assert digest == hashlib.sha256(files["pdf"].read_bytes()).hexdigest()
    report = demo.run("verify", files["pdf"], "--json").stdout
    assert f"sha256:{digest}" in report


def test_openssl_follows_the_chains_of_the_trust_folder(demo: Demo) -> None:
    trust = demo.var / "trust"
    pem = {path: told("openssl", "x509", "-inform", "DER", "-in", path) for path in sorted(trust.rglob("*.cer"))}
    anchors = demo.directory / "anchors.pem"
    anchors.write_text("".join(text for path, text in pem.items() if path.parent.name == "anchors"))
    for path, text in pem.items():
        one = demo.directory / "one.pem"
        one.write_text(text)
        said = told("openssl", "verify", *SIGNER_ID[is_sm2(one)], "-CAfile", anchors, one)
        assert re.search(r": OK$", said.strip()), path
