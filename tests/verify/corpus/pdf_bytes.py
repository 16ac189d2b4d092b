"""Attacks on the bytes of a sealed PDF: cuts, forged signature values and ranges (USF, SWA), signers without trust."""

import re
from collections.abc import Callable
from datetime import timedelta

from tests.seal.pki import NOW
from tests.verify.corpus.case import case, family, flip, swap
from tests.verify.corpus.material import Material

DAY = timedelta(days=1)
_RANGE = re.compile(rb"/ByteRange\s*\[([^\]]*)\]")
_CONTENTS = re.compile(rb"/Contents\s*<([0-9a-fA-F]+)>")


def with_range(data: bytes, text: bytes) -> bytes:
    """Another /ByteRange in the same room."""
    found = _RANGE.search(data)
    if found is None:
        raise ValueError("no signature")
    room = found.end(1) - found.start(1)
    return data[: found.start(1)] + text.ljust(room)[:room] + data[found.end(1) :]


def numbers(data: bytes) -> list[int]:
    """What /ByteRange says."""
    found = _RANGE.search(data)
    return [int(each) for each in found.group(1).split()] if found else []


def with_contents(data: bytes, value: bytes) -> bytes:
    """Another value in the place of the signature, padded or cut to its room."""
    found = _CONTENTS.search(data)
    if found is None:
        raise ValueError("no signature")
    room = found.end(1) - found.start(1)
    return data[: found.start(1)] + value.hex().encode().ljust(room, b"0")[:room] + data[found.end(1) :]


def contents(data: bytes) -> bytes:
    """The value with its padding."""
    found = _CONTENTS.search(data)
    return bytes.fromhex(found.group(1).decode()) if found else b""


family(
    "pdf",
    "cut_off",
    "The file ends early",
    [
        (f"at_{percent}_percent", lambda material, percent=percent: material.pdf[: len(material.pdf) * percent // 100])
        for percent in (0, 1, 10, 50, 75, 90, 95, 99)
    ],
)


def _cut(mark: bytes, offset: int = 0) -> Callable[[Material], bytes]:
    return lambda material: material.pdf[: material.pdf.rindex(mark) + offset]


family(
    "pdf",
    "cut_at_boundary",
    "The file ends at a boundary of its structure",
    [
        ("before_the_signature", _cut(b"/Contents<")),
        ("inside_the_signature", _cut(b"/Contents<", 500)),
        ("before_the_last_table", _cut(b"xref\n")),
        ("before_the_trailer", _cut(b"trailer")),
        ("before_startxref", _cut(b"startxref")),
        ("before_the_end_mark", _cut(b"%%EOF")),
        ("before_the_last_byte", lambda material: material.pdf[:-1]),
        ("at_the_end_of_the_unsealed_file", lambda material: material.pdf[: len(material.plain_pdf)]),
    ],
)
family(
    "pdf",
    "bit_flipped",
    "One bit of the file is changed",
    [
        (
            f"at_{percent}_percent",
            lambda material, percent=percent: flip(material.pdf, len(material.pdf) * percent // 100),
        )
        for percent in (0, 10, 30, 60, 80, 94, 96, 99)
    ],
)
family(
    "pdf",
    "range_forged",
    "The signature's /ByteRange is forged (USF)",
    [
        ("empty", lambda material: with_range(material.pdf, b"")),
        ("zeros", lambda material: with_range(material.pdf, b"0 0 0 0")),
        ("negative", lambda material: with_range(material.pdf, b"0 -1 -1 -1")),
        ("null", lambda material: with_range(material.pdf, b"null null null null")),
        ("words", lambda material: with_range(material.pdf, b"/a /b /c /d")),
        ("two_numbers", lambda material: with_range(material.pdf, b"0 %d" % len(material.pdf))),
        ("six_numbers", lambda material: with_range(material.pdf, b"0 1 2 1 4 1")),
        ("beyond_the_end", lambda material: with_range(material.pdf, b"0 10 20 999999999")),
        ("overlapping", lambda material: with_range(material.pdf, b"0 104840 0 1070")),
        ("starting_late", lambda material: with_range(material.pdf, b"9 %d %d %d" % tuple(numbers(material.pdf)[1:]))),
    ],
)


@case("pdf")
def range_removed_fail(material: Material) -> bytes:
    """There is no /ByteRange (USF)."""
    return swap(material.pdf, b"/ByteRange", b"/ByteRanke")


@case("pdf")
def contents_removed_fail(material: Material) -> bytes:
    """There is no /Contents (USF)."""
    return swap(material.pdf, b"/Contents<", b"/Kontents<")


@case("pdf")
def contents_zero_fail(material: Material) -> bytes:
    """The signature is zeros (USF)."""
    return with_contents(material.pdf, b"\0")


@case("pdf")
def contents_empty_sequence_fail(material: Material) -> bytes:
    """The signature is an empty structure (USF)."""
    return with_contents(material.pdf, b"\x30\0")


@case("pdf")
def contents_null_fail(material: Material) -> bytes:
    """The signature is the word null (USF)."""
    found = _CONTENTS.search(material.pdf)
    room = len(found.group(1)) + 2 if found else 0
    return _CONTENTS.sub(b"/Contents" + b" null".ljust(room), material.pdf)


@case("pdf")
def contents_of_another_document_fail(material: Material) -> bytes:
    """The signature was made for another licence."""
    return with_contents(material.pdf, contents(material.other_pdf))


@case("pdf")
def contents_cut_fail(material: Material) -> bytes:
    """Half of the signature is zeros."""
    value = contents(material.pdf)
    return with_contents(material.pdf, value[: len(value) // 2])


@case("pdf")
def contents_with_a_tail_fail(material: Material) -> bytes:
    """Bytes stand in the padding after the signature."""
    value = contents(material.pdf)
    return with_contents(material.pdf, value[:-9] + b"hidden!!!")


@case("pdf")
def contents_with_other_digits_fail(material: Material) -> bytes:
    """The gap of the signature is written with spaces, where something may hide."""
    found = _CONTENTS.search(material.pdf)
    at = found.end(1) - 4 if found else 0
    return material.pdf[:at] + b"  " + material.pdf[at + 2 :]


family(
    "pdf",
    "signature_bit_flipped",
    "One bit of the signature is changed",
    [
        (f"at_byte_{at}", lambda material, at=at: with_contents(material.pdf, flip(contents(material.pdf), at)))
        for at in (1, 12, 40, 60, 400, 900, 1150, 1260)
    ],
)


@case("pdf")
def range_wraps_forged_text_fail(material: Material) -> bytes:
    """The signed end is moved away, forged objects stand in the widened gap (SWA)."""
    start, gap, resume, rest = numbers(material.pdf)
    tail = material.pdf[resume : resume + rest]
    forged = b"\n4 0 obj\n<</Type/Page/MediaBox[0 0 9 9]>>\nendobj\n"
    moved = material.pdf[:resume] + forged + tail
    return with_range(moved, b"%d %d %d %d" % (start, gap, resume + len(forged), rest))


@case("pdf")
def range_wraps_with_second_contents_fail(material: Material) -> bytes:
    """A second, unsigned /Contents stands in the widened gap (SWA)."""
    start, gap, resume, rest = numbers(material.pdf)
    forged = b"/Contents<00>/Padding<" + b"00" * 40 + b">"
    moved = material.pdf[:resume] + forged + material.pdf[resume : resume + rest]
    return with_range(moved, b"%d %d %d %d" % (start, gap, resume + len(forged), rest))


@case("pdf")
def signer_name_changed_fail(material: Material) -> bytes:
    """The name shown beside the seal is another."""
    name = b"FEFF" + "示例市市场监督管理局".encode("utf-16-be").hex().upper().encode()
    other = b"FEFF" + "示例市财政监督管理局".encode("utf-16-be").hex().upper().encode()
    return swap(material.pdf, name, other)


@case("pdf")
def time_changed_fail(material: Material) -> bytes:
    """The stated time of signing is another."""
    return swap(material.pdf, b"/M(D:20261121100000Z)", b"/M(D:20251121100000Z)")


@case("pdf")
def provider_changed_fail(material: Material) -> bytes:
    """The signature names another maker, for whom checks may be laxer."""
    return swap(material.pdf, b"/Name/Xinyin", b"/Name/Xinyan")


@case("pdf")
def certificate_expired_fail(material: Material) -> bytes:
    """The signer's certificate ended before the signing."""
    signer = material.pki.p256.issue("expired", not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    return material.seal_pdf(signer=signer)


@case("pdf")
def certificate_not_yet_valid_fail(material: Material) -> bytes:
    """The signer's certificate begins after the signing."""
    signer = material.pki.p256.issue("early", not_before=NOW + DAY, not_after=NOW + 9 * DAY)
    return material.seal_pdf(signer=signer)


@case("pdf")
def certificate_revoked_fail(material: Material) -> bytes:
    """The signer's certificate was revoked, its key being stolen."""
    return material.seal_pdf(signer=material.revoked_pdf_signer)


@case("pdf")
def certificate_for_servers_fail(material: Material) -> bytes:
    """The signer's certificate is for TLS servers."""
    return material.seal_pdf(signer=material.pki.p256.issue("server", purposes=("1.3.6.1.5.5.7.3.1",)))


@case("pdf")
def certificate_for_encryption_fail(material: Material) -> bytes:
    """The signer's certificate is for encryption."""
    return material.seal_pdf(signer=material.pki.p256.issue("encryption", usage=("key_encipherment",)))


@case("pdf")
def foreign_signer_fail(material: Material) -> bytes:
    """The signer belongs to another PKI that bears the same names."""
    return material.seal_pdf(signer=material.foreign.pdf_signer, authority=material.foreign.p256)


@case("pdf")
def foreign_signer_with_trusted_issuer_fail(material: Material) -> bytes:
    """A stranger's certificate comes with the trusted issuer's beside it."""
    return material.seal_pdf(signer=material.foreign.pdf_signer)


@case("pdf")
def signed_in_the_future_fail(material: Material) -> bytes:
    """The stated time of signing has not come."""
    return material.seal_pdf(at=NOW + DAY)


@case("pdf")
def not_sealed_fail(material: Material) -> bytes:
    """The licence was never sealed."""
    return material.plain_pdf


@case("pdf")
def picture_of_a_seal_alone_fail(material: Material) -> bytes:
    """The seal's picture is there, the signature's dictionary is not."""
    return swap(swap(material.pdf, b"/FT/Sig", b"/FT/Btn"), b"/Type/Sig", b"/Type/Sik")


@case("pdf")
def header_gone_fail(material: Material) -> bytes:
    """The file does not begin as a PDF does."""
    return b"XXXX" + material.pdf[4:]


@case("pdf")
def bomb_in_a_stream_fail(material: Material) -> bytes:
    """An update brings a cross-reference stream that claims a billion entries."""
    start = len(material.pdf)
    body = (
        b"901 0 obj\n<</Type/XRef/Size 1000000000/W[1 4 4]/Root 1 0 R/Length 9>>stream\n000000000\nendstream\nendobj\n"
    )
    return material.pdf + body + b"startxref\n%d\n%%%%EOF\n" % start


@case("pdf")
def table_that_leads_to_itself_fail(material: Material) -> bytes:
    """An update's table names itself as the one before it."""
    start = len(material.pdf)
    table = b"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 9/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
    return material.pdf + table % (start, start)


@case("pdf")
def deep_nesting_fail(material: Material) -> bytes:
    """An update brings arrays nested fifty thousand deep."""
    return material.pdf + b"902 0 obj\n" + b"[" * 50_000 + b"]" * 50_000 + b"\nendobj\n"


@case("pdf")
def thousands_of_updates_fail(material: Material) -> bytes:
    """Two thousand empty updates follow."""
    return material.pdf + b"xref\n0 0\ntrailer\n<</Size 9/Root 1 0 R>>\nstartxref\n0\n%%EOF\n" * 2000
