"""A seal job answers with the file or with its description, as the caller prefers (RFC 9110 §12.5.1)."""

import pytest
from starlette.requests import Request

from seal.signing.jobs.routes import _wants_file


@pytest.mark.parametrize(
    ("accept", "file"),
    [
        ("*/*", False),
        ("", False),
        ("application/json", False),
        ("application/pdf", True),
        ("application/ofd, application/pdf", True),
        ("application/octet-stream", True),
        ("application/pdf, */*;q=0.1", True),
        ("application/pdf, application/json", False),
        ("application/json, application/pdf;q=0.5", False),
        ("application/pdf;q=0", False),
        ("application/pdf;q=much", False),
        ("text/html, application/xhtml+xml, */*;q=0.8", False),
    ],
)
def test_the_file_is_sent_to_who_wants_it_more(accept: str, file: bool) -> None:
    request = Request({"type": "http", "headers": [(b"accept", accept.encode())]})

    assert _wants_file(request) is file
