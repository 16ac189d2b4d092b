"""Which licence a file names is read from its metadata, whatever else the file holds, and never trusted by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.private_keys import generate_key
from kernel.errors import InvalidInput
from tests.seal.pki import NOW
from tests.verify.sealed_files import licence_ofd
from tests.verify.world import IDENTIFIER, qr_key_entry, signed_claims
from verify.qr.claims import check_claims
from verify.upload.identifier import read_identifier
from verify.upload.images import read_qr_in_image

XMP = (
    '%PDF-1.7\n<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description {attribute}>{element}'
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
ELEMENT = '<dc:identifier xmlns:dc="http://purl.org/dc/elements/1.1/">{}</dc:identifier>'


def test_an_ofd_names_it_among_its_custom_data() -> None:
    assert read_identifier(licence_ofd()) == IDENTIFIER
    assert read_identifier(licence_ofd(None)) is None


@pytest.mark.parametrize(
    ("attribute", "element"),
    [('xmlns:z="urn:z" z:ZZBS="{}"', ""), ("", '<z:ZZBS xmlns:z="urn:z">{}</z:ZZBS>'), ("", ELEMENT)],
)
def test_a_pdf_names_it_in_its_metadata_packet(attribute: str, element: str) -> None:
    packet = XMP.format(attribute=attribute.format(IDENTIFIER), element=element.format(IDENTIFIER))
    assert read_identifier(packet.encode()) == IDENTIFIER


def test_a_wrong_check_character_names_nothing() -> None:
    wrong = IDENTIFIER[:-1] + ("A" if IDENTIFIER[-1] != "A" else "B")
    assert read_identifier(XMP.format(attribute="", element=ELEMENT.format(wrong)).encode()) is None
    assert read_identifier(licence_ofd(wrong)) is None


def test_entities_are_not_expanded() -> None:
    bomb = '%PDF-1.7 <?xpacket begin=""?><!DOCTYPE x [<!ENTITY a "{}">]><x><ZZBS>&a;</ZZBS></x><?xpacket end="w"?>'
    assert read_identifier(bomb.format(IDENTIFIER).encode()) is None


@given(st.sampled_from([b"PK\x03\x04", b"%PDF-1.7 <?xpacket begin=?>", b""]), st.binary(max_size=400))
def test_any_bytes_name_something_or_nothing(start: bytes, rest: bytes) -> None:
    assert read_identifier(start + rest + b'<?xpacket end="w"?>') is None


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", max_size=300))
def test_any_signed_part_is_judged(encoded: str) -> None:
    claims, report = check_claims(encoded, [qr_key_entry(KEY)], at=NOW)
    assert claims is None
    assert report.verdict.severity > 0


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=255))
def test_one_changed_byte_of_a_signed_part_never_passes(place: int, value: int) -> None:
    text = bytearray(SIGNED.encode())
    replacement = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[value % 32]
    # The last character of base32 carries bits that are no part of the message.
    place %= len(text) - 1
    if text[place] == replacement:
        return
    text[place] = replacement
    claims, report = check_claims(text.decode(), [qr_key_entry(KEY)], at=NOW)
    assert claims is None
    assert report.verdict.severity > 0


@given(st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"RIFF0000WEBP"]), st.binary(max_size=400))
def test_any_picture_is_read_or_refused(start: bytes, rest: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_qr_in_image(start + rest)


KEY = generate_key("ES256")
SIGNED = signed_claims(KEY)
