"""`xinyin verify` judges a file or a QR text, with no server when given a trust folder; `xinyin ofd` shows files."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from kernel.clock import system_clock
from kernel.errors import InvalidInput
from kernel.i18n import Catalogs, current_locale, use_locale
from seal.documents.ofd.document import load_documents, load_pages
from seal.documents.ofd.package import OfdPackage
from seal.documents.preview import page_picture
from seal.validation.report import Indication
from verify.batches.sources import is_batch
from verify.cli import offline_trust, verify_offline
from verify.report.report import VerificationReport
from verify.report.text import render_text
from verify.signed_reports.recheck import RecheckTrust, recheck_report
from verify.signed_reports.service import FORMATS
from verify.signed_reports.text import render_recheck
from xinyin.cli.console import AsJson, fail, in_house, out, print_json, show
from xinyin.cli.verifying.many import verify_many
from xinyin.house import House
from xinyin.pages import package_roots

ofd_app = typer.Typer(help="OFD files.", no_args_is_help=True)

Judged = tuple[VerificationReport, dict[str, Any], bytes]
"""The report, how it is told (with a receipt where there is somebody to sign one), and what is written to a file."""


def verify(
    what: Annotated[
        str,
        typer.Argument(
            metavar="[FILE|QR-TEXT|DIR|ZIP|CSV]",
            help="A PDF, an OFD, a picture of a QR code, or its text; many in a folder, a ZIP or a CSV of codes.",
        ),
    ] = "",
    trust: Annotated[Path | None, typer.Option(help="A trust folder; nothing else is asked then.")] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write the report here (.json, .jws, .xml, .pdf); without FILE: check this report again."),
    ] = None,
    document: Annotated[Path | None, typer.Option(help="What the report that is checked again is about.")] = None,
    *,
    language: Annotated[str, typer.Option(help="zh_CN or en.")] = "zh_CN",
    as_json: AsJson = False,
    json_lines: Annotated[
        bool, typer.Option("--json-lines", help="Of many: one line of JSON each; with --report a second run goes on.")
    ] = False,
) -> None:
    """Verify a licence, many, or a report about one. Exit code 0 only when everything holds, 1 otherwise."""
    Catalogs.load(package_roots())
    with use_locale(language):
        if what and len(what) < 4096 and is_batch(Path(what)):
            verify_many(Path(what), trust, report, json_lines=json_lines or as_json)
        elif what:
            _judge(what, trust, report, as_json)
        elif report is not None:
            _recheck(report, document, trust, as_json)
        else:
            fail("name a file, a QR text, or a report to check again with --report", 2)


def _judge(what: str, trust: Path | None, report: Path | None, as_json: bool) -> None:
    form = report.suffix.lower().removeprefix(".") if report else "json"
    if form not in FORMATS:
        form = "json"
    subject = _read(what)
    if trust and form != "json":
        raise InvalidInput("With a trust folder there is nobody to sign a report. Name a file ending in .json.")
    verdict, told, written = _offline(subject, trust) if trust else _in_house(subject, form)
    if report:
        report.write_bytes(written)
    if as_json:
        print_json(told)
    else:
        out.print(render_text(verdict, current_locale()), markup=False)
    if verdict.indication is not Indication.PASSED:
        raise SystemExit(1)


def _recheck(report: Path, document: Path | None, trust: Path | None, as_json: bool) -> None:
    for each in filter(None, (report, document)):
        if not each.is_file():
            fail(f"there is no file {each}", 2)
    believed = offline_trust(trust, system_clock) if trust else in_house(_house_trust)
    subject = document.read_bytes() if document else None
    found = recheck_report(report.read_bytes(), believed, system_clock(), subject)
    if as_json:
        print_json(found.to_dict())
    else:
        out.print(render_recheck(found), markup=False)
    if not found.holds:
        raise SystemExit(1)


async def _house_trust(house: House) -> RecheckTrust:
    published = await house.trust.published()
    return RecheckTrust([key.spki for key in published.receipt_keys], await house.trust.store())


def _read(what: str) -> bytes | str:
    path = Path(what)
    if len(what) < 4096 and path.is_file():
        return path.read_bytes()
    if "/v/" in what.lower() or "://" in what:
        return what
    raise InvalidInput("There is no file {name}, and it is not the text of a QR code.", name=what[:80])


def _offline(subject: bytes | str, trust: Path) -> Judged:
    verdict = verify_offline(subject, trust, system_clock)
    document = verdict.to_dict()
    return verdict, document, json_bytes(document)


def _in_house(subject: bytes | str, form: str) -> Judged:
    async def work(house: House) -> Judged:
        upload, reports = house.verify.upload, house.verify.reports
        if isinstance(subject, bytes):
            verdict = await upload.judge_file(subject, address="command-line")
        else:
            verdict = await upload.judge_text(subject, address="command-line")
        told = await reports.answer(verdict, keep=False)
        written = json_bytes(told) if form == "json" else await reports.export(verdict, form)
        return verdict, told, written

    return in_house(work)


def json_bytes(document: dict[str, Any]) -> bytes:
    """As it is written to a file."""
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


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
