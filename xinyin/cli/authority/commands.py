"""What an operator does with certificates."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Literal, cast

import typer

from kernel.audit.chain import Actor
from kernel.clock import system_clock
from kernel.crypto.certificates import Certificate
from kernel.crypto.certification.lints import Candidate, Purpose, lint
from kernel.crypto.certification.requests import CertificateRequest
from kernel.errors import InvalidInput
from seal.authority.enrolment import REVOCATION_REASONS, Holder, ListedCertificate
from seal.authority.profiles import ALL_FAMILIES, OCSP_SIGNING, TIME_STAMPING
from xinyin.cli.console import AsJson, fail, in_house, out, print_json, show
from xinyin.house import House

app = typer.Typer(help="Certificates: of seals, of persons, of outside authorities.", no_args_is_help=True)

By = Annotated[str, typer.Option("--as", help="The user name of who does this.")]
OutputFile = Annotated[
    Path | None, typer.Option("-o", "--output", help="Where to write; standard output when left out.")
]
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


@app.command("list")
def list_certificates(as_json: AsJson = False) -> None:
    """The newest certificates: serial number, issuer, what for, whose, until when, revoked when."""

    async def work(house: House) -> list[dict[str, object]]:
        return [_row(row) for row in await house.seal.enrolment.listed()]

    show(in_house(work), as_json)


@app.command("outside-lists")
def list_outside_lists(
    as_json: AsJson = False, fetch: Annotated[bool, typer.Option(help="Ask anew first.")] = False
) -> None:
    """Revocation lists of outside authorities, as fetched hourly: whose, of when, and when the next is due."""

    async def work(house: House) -> list[dict[str, object]]:
        lists = house.seal.outside_lists
        if fetch:
            await lists.fetch()
        return [
            {"issuer": each.issuer, "issued": each.issued_at.isoformat(), "next": _day(each.next_update)}
            for each in await lists.listed()
        ]

    show(in_house(work), as_json)


def _day(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


@app.command()
def csr(
    seal: Annotated[str, typer.Argument(help="The seal's id or code.")],
    family: Annotated[str, typer.Option(help="The kind of key: sm2, p256 or rsa.")] = "p256",
    output: OutputFile = None,
) -> None:
    """A certification request (PEM) for a key of a seal, to send to an outside authority."""
    if family not in ALL_FAMILIES:
        fail(f"there is no family {family}; families are {', '.join(ALL_FAMILIES)}", 2)

    async def work(house: House) -> str:
        return (await house.seal.outside_signers.request(seal, family)).to_pem()

    _write(in_house(work), output)


@app.command("import")
def import_chain(
    seal: Annotated[str, typer.Argument(help="The seal's id or code.")],
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="The answer: PEM or DER files.")],
    by: By,
) -> None:
    """Put an outside authority's certificate of a seal to use. Its root must be there, and is trusted from then on."""
    chain = [each for file in files for each in _certificates(file)]

    async def work(house: House) -> Certificate:
        return await house.seal.outside_signers.adopt(seal, chain, await _actor(house, by))

    out.print(f"signing as {in_house(work).subject}")


@app.command()
def sign(
    request: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A certification request, PEM or DER.")],
    name: Annotated[str, typer.Option(help="A person's name, or a seal's 14-digit code.")],
    reference: Annotated[
        str, typer.Option(help="An id that the holder is known by in the record; no name, no number.")
    ],
    by: By,
    *,
    kind: Annotated[str, typer.Option(help="person or seal.")] = "person",
    organisation: Annotated[str, typer.Option(help="The organisation; needed for a seal.")] = "",
    days: Annotated[int, typer.Option(help="How long it lasts.")] = 365,
    output: OutputFile = None,
) -> None:
    """Certify a key that is not here; prints the certificate and its issuers (PEM)."""
    if kind not in ("person", "seal"):
        fail("--kind is person or seal", 2)
    asked = CertificateRequest.load(request.read_bytes())
    valid_to = system_clock().replace(microsecond=0) + timedelta(days=days)
    holder = Holder(cast(Literal["person", "seal"], kind), name, organisation, reference, valid_to)

    async def work(house: House) -> str:
        issued = await house.seal.enrolment.issue(asked, holder, await _actor(house, by))
        return "".join(map(_pem, (issued.certificate, *issued.issuers)))

    _write(in_house(work), output)


@app.command()
def revoke(
    serial: Annotated[str, typer.Argument(help="The serial number, as `list` shows it.")],
    by: By,
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(REVOCATION_REASONS)}.")] = "unspecified",
) -> None:
    """Revoke a certificate; lists and the responder say so at once. A seal is revoked by `xinyin seal revoke`."""

    async def work(house: House) -> None:
        await house.seal.enrolment.revoke(serial, reason, await _actor(house, by))

    in_house(work)


@app.command("lint")
def lint_files(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Certificates, PEM or DER.")],
    issuer: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The issuer's, when it is in none of the files.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What our own rules find wrong with certificates; exit code 1 when they find something. Needs no server."""
    loaded = [each for file in files for each in _certificates(file)]
    known = [*loaded, *(_certificates(issuer) if issuer else [])]
    found = [
        {"subject": str(each.subject), "rule": finding.rule, "complaint": finding.complaint}
        for each in loaded
        for finding in lint(Candidate(each.der, _purpose(each), _issuer_of(each, known)))
    ]
    if as_json:
        print_json(found)
    else:
        for finding in found:
            out.print(f"{finding['subject']}: {finding['rule']}: {finding['complaint']}")
        if not found:
            out.print("nothing to complain of")
    if found:
        raise SystemExit(1)


def _row(row: ListedCertificate) -> dict[str, object]:
    return {
        "serial": row.serial,
        "issuer": row.issuer,
        "purpose": row.purpose,
        "of": row.holder,
        "not_after": f"{row.not_after:%Y-%m-%d}",
        "revoked_at": f"{row.revoked_at:%Y-%m-%d %H:%M}" if row.revoked_at else None,
    }


async def _actor(house: House, username: str) -> Actor:
    return Actor("user", (await house.idp.persons.load_by_username(username)).id)


def _certificates(file: Path) -> list[Certificate]:
    """Those in a PEM or DER file; raises InvalidInput when there is none."""
    data = file.read_bytes()
    if b"-----BEGIN" not in data:
        return [Certificate.load(data)]
    try:
        found = [Certificate.load(b64decode(body)) for body in _PEM.findall(data)]
    except Base64Error as failure:
        raise InvalidInput("The certificate cannot be read.") from failure
    if not found:
        raise InvalidInput("The certificate cannot be read.")
    return found


def _purpose(certificate: Certificate) -> Purpose:
    """What a certificate seems to be for."""
    if certificate.is_ca:
        return "root" if certificate.subject.matches(certificate.issuer) else "issuing"
    if TIME_STAMPING in certificate.extended_key_usage:
        return "tsa"
    return "ocsp" if OCSP_SIGNING in certificate.extended_key_usage else "signer"


def _issuer_of(certificate: Certificate, known: list[Certificate]) -> Certificate | None:
    if certificate.subject.matches(certificate.issuer):
        return None
    for each in known:
        if each != certificate and certificate.issuer.matches(each.subject):
            return each
    raise InvalidInput("Give the issuer's certificate of {subject} too.", subject=str(certificate.subject))


def _pem(certificate: Certificate) -> str:
    lines = "\n".join(wrap(b64encode(certificate.der).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def _write(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="ascii")
