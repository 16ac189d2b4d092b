"""`xinyin verify`: a file or a QR text, with no server when given a trust folder."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from kernel.clock import system_clock
from kernel.errors import InvalidInput
from kernel.i18n import Catalogs
from seal.validation.report import Indication
from verify.cli import verify_offline
from verify.report.report import VerificationReport
from verify.report.text import render_text
from xinyin.cli.console import AsJson, in_house, out, print_json
from xinyin.house import House
from xinyin.pages import package_roots

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
