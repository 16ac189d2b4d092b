"""`xinyin verify` judges a file or a QR text, with no server when given a trust folder; `xinyin ofd` shows files."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from kernel.clock import system_clock
from kernel.errors import InvalidInput
from kernel.i18n import Catalogs
from seal.documents.ofd.document import load_documents, load_pages
from seal.documents.ofd.package import OfdPackage
from seal.documents.preview import page_picture
from seal.validation.report import Indication
from verify.cli import verify_offline
from verify.report.report import VerificationReport
from verify.report.text import render_text
from xinyin.cli.console import AsJson, fail, in_house, out, print_json, show
from xinyin.house import House
from xinyin.pages import package_roots

ofd_app = typer.Typer(help="OFD files.", no_args_is_help=True)

Judged = tuple[VerificationReport, dict[str, Any]]
"""The report, and how it is told: with a receipt where there is somebody to sign one."""


def verify(
    what: Annotated[
        str, typer.Argument(metavar="FILE|QR-TEXT", help="A PDF, an OFD, a picture of a QR code, or its text.")
    ],
    trust: Annotated[Path | None, typer.Option(help="A trust folder; nothing else is asked then.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report as JSON to this file.")] = None,
    language: Annotated[str, typer.Option(help="zh_CN or en.")] = "zh_CN",
    as_json: AsJson = False,
) -> None:
    """Verify a licence. Exit code 0 only when everything holds, 1 otherwise."""
    Catalogs.load(package_roots())
    subject = _read(what)
    verdict, document = _offline(subject, trust) if trust else _in_house(subject)
    if report:
        report.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if as_json:
        print_json(document)
    else:
        out.print(render_text(verdict, language), markup=False)
    if verdict.indication is not Indication.PASSED:
        raise SystemExit(1)


def _read(what: str) -> bytes | str:
    path = Path(what)
    if len(what) < 4096 and path.is_file():
        return path.read_bytes()
    if "/v/" in what.lower() or "://" in what:
        return what
    raise InvalidInput("There is no file {name}, and it is not the text of a QR code.", name=what[:80])


def _offline(subject: bytes | str, trust: Path) -> Judged:
    verdict = verify_offline(subject, trust, system_clock)
    return verdict, verdict.to_dict()


def _in_house(subject: bytes | str) -> Judged:
    async def work(house: House) -> Judged:
        upload = house.verify.upload
        if isinstance(subject, bytes):
            verdict = await upload.judge_file(subject, address="command-line")
        else:
            verdict = await upload.judge_text(subject, address="command-line")
        return verdict, await upload.answer(verdict)

    return in_house(work)


OfdFile = Annotated[Path, typer.Argument(metavar="FILE", help="An OFD file.")]


@ofd_app.command()
def render(
    file: OfdFile,
    target: Annotated[Path, typer.Option("--output", "-o", help="The picture, a PNG.")] = Path("page.png"),
    page: Annotated[int, typer.Option(min=1, help="Which page, from 1.")] = 1,
    dpi: Annotated[float, typer.Option(min=24, max=300, help="Dots an inch.")] = 150,
) -> None:
    """Draw a page, with its seals, as a picture. A picture proves nothing: see `xinyin verify`."""
    target.write_bytes(page_picture(_ofd(file), "ofd", page, dpi))
    out.print(str(target), markup=False)


@ofd_app.command()
def info(file: OfdFile, as_json: AsJson = False) -> None:
    """The documents in a file, their pages and signatures."""
    package = OfdPackage.read(_ofd(file))
    rows: list[dict[str, Any]] = [
        {
            "document": document.document_file,
            "pages": len(load_pages(package, document.document_file)),
            "signatures": len(document.signatures),
        }
        for document in load_documents(package)
    ]
    show(rows, as_json)


def _ofd(file: Path) -> bytes:
    if not file.is_file():
        fail(f"there is no file {file}", 2)
    return file.read_bytes()
