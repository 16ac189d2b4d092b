"""A scanned text is read strictly, and what is wrong with it is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from verify.qr.reading import QrReading, read_qr

HANDLE = "K5LUSQ2ZMFRGGZDFMZTWQ2LKNM"


def test_the_static_code_gives_handle_host_and_signed_claims() -> None:
    assert read_qr(f"HTTPS://LICENCE.EXAMPLE.CN/V/{HANDLE}#MFRGGZDF") == QrReading(
        code=HANDLE, host="licence.example.cn", signed_claims="MFRGGZDF"
    )


def test_the_code_on_a_phone_gives_code_and_host() -> None:
    assert read_qr("https://localhost:8000/v/aB3_-xyz0123456789xyz\n") == QrReading(
        code="aB3_-xyz0123456789xyz", host="localhost:8000"
    )


@pytest.mark.parametrize("address", ["HTTPS://LICENCE.EXAMPLE.CN/V", "https://licence.example.cn/v/"])
def test_a_code_may_bring_its_signed_claims_alone(address: str) -> None:
    assert read_qr(f"{address}#MFRGGZDF") == QrReading("", "licence.example.cn", "MFRGGZDF")


def test_a_bare_handle_may_be_typed_in_groups() -> None:
    assert read_qr("  K5LU SQ2Z MFRG GZDF MZTW Q2LK NM ").code == HANDLE


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Nothing was read"),
        ("你好", "not the code of a licence"),
        ("12345", "not the code of a licence"),
        ("https://example.cn/pay/123456789012345678", "leads elsewhere"),
        ("https://example.cn/v/", "leads elsewhere"),
        ("https://example.cn/v/../../etc/passwd", "leads elsewhere"),
        (f"javascript://x/v/{HANDLE}", "not the address"),
        (f"https://gov.cn@evil.example/v/{HANDLE}", "hides its real domain"),
        (f"https://example.cn/v/{HANDLE}#abc!", "damaged"),
        (f"https://[bad/v/{HANDLE}", "cannot be read"),
        (f"https://example.cn:99999/v/{HANDLE}", "cannot be read"),
        ("A" * 5000, "longer than any QR code"),
    ],
)
def test_nonsense_is_refused_with_a_reason(text: str, complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        read_qr(text)


@given(st.text(max_size=300))
def test_any_text_is_either_read_or_refused(text: str) -> None:
    try:
        reading = read_qr(text)
    except InvalidInput:
        return
    assert reading.code.isascii()
    assert len(reading.code) >= 16 or reading.signed_claims
