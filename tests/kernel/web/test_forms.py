"""Forms are parsed once and strictly."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from kernel.web.forms import parse_urlencoded
from tests.kernel.web.shell import visitor

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def post(content: bytes, **headers: str) -> httpx.Response:
    async with visitor() as client:
        return await client.post("/form", content=content, headers=FORM | headers)


async def test_values_come_as_they_were_sent() -> None:
    answer = await post(b"one=%E6%9E%97+%26&many=1&many=2")
    assert answer.json() == {"one": "林 &", "all": ["1", "2"], "file": None}


@pytest.mark.parametrize("body", [b"one=1&one=2", b"one=%00", b"one=%FF", b"one=%E6%9E"])
async def test_what_is_ambiguous_or_malformed_is_refused(body: bytes) -> None:
    answer = await post(body)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:xinyin:problem:invalid-input"


async def test_too_much_is_refused_with_its_own_status() -> None:
    assert (await post(b"one=" + b"x" * 5000)).status_code == 413
    assert (await post(b"&".join(b"a%d=1" % number for number in range(20)))).status_code == 413


async def test_another_kind_of_body_is_refused() -> None:
    assert (await post(b"{}", **{"Content-Type": "application/json"})).status_code == 400


async def test_a_file_is_taken_within_its_limit() -> None:
    async with visitor() as client:
        small = await client.post("/form", files={"file": ("a.pdf", b"x" * 900)}, data={"one": "1"})
        large = await client.post("/form", files={"file": ("a.pdf", b"x" * 1500)})
    assert small.json() == {"one": "1", "all": [], "file": 900}
    assert large.status_code == 413


async def test_a_cut_multipart_body_is_refused() -> None:
    kind = "multipart/form-data; boundary=edge"
    answer = await post(b'--edge\r\nContent-Disposition: form-data; name="one"\r\n\r\n1', **{"Content-Type": kind})
    assert answer.status_code == 400


async def test_a_query_obeys_the_same_rules() -> None:
    async with visitor() as client:
        assert (await client.get("/query?q=1")).json() == {"q": "1"}
        assert (await client.get("/query?q=1&q=2")).status_code == 400


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        pairs = parse_urlencoded(body, 50)
    except InvalidInput:
        return
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in pairs)
