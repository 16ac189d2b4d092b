"""HTTP as it passes the gateway: streaming, honest about framing, deaf to disguised headers."""

import asyncio
import hashlib
import json
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from tests.sso_proxy.conftest import Visitor, World
from tests.sso_proxy.upstreams import FormApplication, header_of, raw_upstream, serving

MEGABYTE = 1024 * 1024


class Wire:
    """A connection to the gateway, byte by byte, as somebody who is signed in."""

    def __init__(self, world: World, host: str, cookie: str) -> None:
        self._world, self._host, self._cookie = world, host, cookie

    async def send(self, request: str, *, extra: str = "", body: bytes = b"", until_close: bool = True) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._world.port)
        head = f"{request}\r\nHost: {self._host}\r\nCookie: {self._cookie}\r\n{extra}\r\n"
        writer.write(head.encode("latin-1") + body)
        answer = await asyncio.wait_for(reader.read() if until_close else reader.readuntil(b"\r\n\r\n"), 20)
        writer.close()
        return answer


async def echo_head(head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with the head that arrived."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b" % (len(head), head))
    await writer.drain()


async def signed_in(world: World, upstream: str, slug: str = "plain") -> tuple[Visitor, str, Wire]:
    """A browser signed in at the gateway, in front of an application that takes identity headers."""
    url = await world.add(slug, upstream, mode="headers", login_path=None, logout_path=None)
    visitor = world.visitor()
    assert (await visitor.open(f"{url}/")).status_code == 200
    cookie = next(each for each in visitor.client.cookies.jar if each.name == "xinyin_gw" and slug in each.domain)
    return visitor, url, Wire(world, f"{slug}.localhost:{world.port}", f"xinyin_gw={cookie.value}")


@pytest.fixture
async def echo() -> AsyncIterator[str]:
    async with raw_upstream(echo_head) as url:
        yield url


async def test_only_the_gateway_says_who_one_is(world: World, echo: str) -> None:
    _visitor, _url, wire = await signed_in(world, echo)
    forged = "".join(
        f"{name}: admin\r\n"
        for name in (
            "X-Xinyin-User",
            "x_xinyin_user",
            "X.Xinyin.User",
            "X-Xinyin_Name",
            "X-Forwarded-For",
            "Remote-User",
        )
    )
    answer = await wire.send("GET / HTTP/1.1", extra=f"{forged}X-Fine: yes\r\nConnection: close\r\n")
    assert b"admin" not in answer
    assert header_of(answer, "X-Xinyin-User") == [world.subject]
    assert header_of(answer, "X-Xinyin-Name") == ["%E5%B0%8F%E6%98%8E"]
    assert header_of(answer, "X-Fine") == ["yes"]


async def test_the_gateways_cookies_never_arrive(world: World, echo: str) -> None:
    _visitor, _url, wire = await signed_in(world, echo)
    answer = await wire.send(
        "GET / HTTP/1.1", extra="Cookie: theme=dark; xinyin_session_page=secret\r\nConnection: close\r\n"
    )
    assert header_of(answer, "Cookie") == ["theme=dark"]
    assert b"xinyin_gw" not in answer


async def test_headers_of_one_hop_stay_there(world: World, echo: str) -> None:
    _visitor, _url, wire = await signed_in(world, echo)
    extra = "Connection: close, X-Private\r\nX-Private: 1\r\nTE: trailers\r\nProxy-Authorization: x\r\n"
    answer = await wire.send("GET / HTTP/1.1", extra=extra)
    for name in ("X-Private", "TE", "Proxy-Authorization"):
        assert header_of(answer, name) == []


@pytest.mark.parametrize(
    "extra",
    [
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 3, 3\r\n",
        "Host: other.localhost\r\n",
        "Bad Header: 1\r\n",
    ],
)
async def test_a_request_that_two_readers_could_read_differently_is_refused(
    world: World, echo: str, extra: str
) -> None:
    _visitor, _url, wire = await signed_in(world, echo)
    answer = await wire.send("POST / HTTP/1.1", extra=extra, body=b"abc")
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501"))
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "target",
    ["/a/../b", "/a/%2e%2e/b", "/%2exinyin/credentials", "//.xinyin/credentials", "/a%00b", "/.XINYIN/session"],
)
async def test_a_path_with_two_meanings_is_refused(world: World, echo: str, target: str) -> None:
    _visitor, _url, wire = await signed_in(world, echo)
    assert (await wire.send(f"GET {target} HTTP/1.1")).startswith(b"HTTP/1.1 400")


async def test_a_head_without_end_is_refused(world: World, echo: str) -> None:
    _visitor, _url, wire = await signed_in(world, echo)
    extra = "".join(f"X-Long-{n}: {'a' * 1000}\r\n" for n in range(60))
    assert (await wire.send("GET / HTTP/1.1", extra=extra)).startswith(b"HTTP/1.1 431")
    many = "".join(f"X-{n}: 1\r\n" for n in range(150))
    assert (await wire.send("GET / HTTP/1.1", extra=many)).startswith(b"HTTP/1.1 431")


async def test_unknown_hosts_and_tunnels_are_refused(world: World, echo: str) -> None:
    await signed_in(world, echo)
    assert (
        await Wire(world, f"nobody.localhost:{world.port}", "a=b").send("GET / HTTP/1.1", extra="Connection: close\r\n")
    ).startswith(b"HTTP/1.1 404")
    assert (await Wire(world, "evil.test", "a=b").send("GET / HTTP/1.1", extra="Connection: close\r\n")).startswith(
        b"HTTP/1.1 404"
    )
    assert (await Wire(world, "evil.test:1", "a=b").send("CONNECT evil.test:1 HTTP/1.1")).startswith(b"HTTP/1.1 40")


async def test_a_large_upload_streams_in_bounded_memory(world: World) -> None:
    application = FormApplication()
    async with serving(application.app()) as upstream:
        url = await world.add("office", upstream)
        visitor = world.visitor()
        page = await visitor.open(f"{url}/")
        await visitor.submit(page, username="ming", password="first-password")
        piece, count = b"0123456789abcdef" * 4096, 768

        async def pieces() -> AsyncIterator[bytes]:
            for _number in range(count):
                yield piece

        tracemalloc.start()
        answer = await visitor.client.post(f"{url}/upload", content=pieces())
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    digest = hashlib.sha256()
    for _number in range(count):
        digest.update(piece)
    assert answer.json() == {"sha256": digest.hexdigest(), "size": 48 * MEGABYTE}
    assert peak < 10 * MEGABYTE


async def test_a_streamed_answer_arrives_whole(world: World) -> None:
    async with serving(FormApplication().app()) as upstream:
        visitor, url, _wire = await signed_in(world, upstream)
        answer = await visitor.client.get(f"{url}/stream")
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.content == b"".join(b"%05d" % number * 1000 for number in range(200))


async def test_the_first_piece_does_not_wait_for_the_last(world: World) -> None:
    go_on = asyncio.Event()

    async def slow(_head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"
        )
        await asyncio.wait_for(go_on.wait(), 10)
        writer.write(b"4\r\nlast\r\n0\r\n\r\n")
        await writer.drain()

    async with raw_upstream(slow) as upstream:
        go_on.set()
        visitor, url, _wire = await signed_in(world, upstream)
        go_on.clear()
        async with visitor.client.stream("GET", f"{url}/events") as answer:
            pieces = answer.aiter_raw()
            assert await anext(pieces) == b"first"
            go_on.set()
            assert await anext(pieces) == b"last"


async def test_an_answer_that_breaks_off_is_not_passed_as_whole(world: World) -> None:
    async def broken(head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf" if b"/broken" in head else whole)
        await writer.drain()

    async with raw_upstream(broken) as upstream:
        _visitor, _url, wire = await signed_in(world, upstream)
        answer = b""
        try:
            answer = await wire.send("GET /broken HTTP/1.1")
        except ConnectionError:
            pass
    assert len(answer.partition(b"\r\n\r\n")[2]) < 100


async def test_addresses_and_cookies_are_translated(world: World) -> None:
    async def answer(head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = header_of(head, "Host")[0]
        status = "302 Found" if b"/away" in head else "200 OK"
        writer.write(
            f"HTTP/1.1 {status}\r\nLocation: https://{host}/there?x=1\r\nSet-Cookie: a=1; Domain={host}; Path=/\r\n"
            "Set-Cookie: xinyin_gw=stolen; Path=/\r\nContent-Length: 0\r\n"
            "Strict-Transport-Security: max-age=1\r\n\r\n".encode()
        )
        await writer.drain()

    async with raw_upstream(answer) as upstream:
        visitor, url, _wire = await signed_in(world, upstream)
        before = visitor.client.cookies.get("xinyin_gw")
        response = await visitor.client.get(f"{url}/away")
    assert response.headers["location"] == f"{url}/there?x=1"
    assert response.headers.get_list("set-cookie") == ["a=1; Path=/"]
    assert "strict-transport-security" not in response.headers
    assert visitor.client.cookies.get("xinyin_gw") == before


async def test_a_websocket_echoes_through_the_tunnel(world: World) -> None:
    async def socket(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"upgrade: websocket" not in head.lower():
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Ok: 1\r\n\r\nhi!")
        while data := await reader.read(1000):
            writer.write(b"<" + data + b">")
            await writer.drain()

    async with raw_upstream(socket) as upstream:
        _visitor, url, wire = await signed_in(world, upstream)
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        writer.write(
            f"GET /ws HTTP/1.1\r\nHost: {wire._host}\r\nCookie: {wire._cookie}\r\nOrigin: {url}\r\n"
            f"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n{key}\r\nearly".encode()
        )
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert head.startswith(b"HTTP/1.1 101")
        assert header_of(head, "X-Ok") == ["1"]
        assert await asyncio.wait_for(reader.readexactly(3), 10) == b"hi!"
        assert await asyncio.wait_for(reader.readexactly(7), 10) == b"<early>"
        writer.write(b"\x81\x05hello")
        assert await asyncio.wait_for(reader.readexactly(9), 10) == b"<\x81\x05hello>"
        writer.close()


async def test_a_websocket_without_session_is_told_401(world: World, echo: str) -> None:
    _visitor, _url, wire = await signed_in(world, echo)
    stranger = Wire(world, wire._host, "a=b")
    extra = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    assert (await stranger.send("GET /ws HTTP/1.1", extra=extra)).startswith(b"HTTP/1.1 401")


async def test_a_connection_serves_one_request_after_another(world: World, echo: str) -> None:
    _visitor, _url, wire = await signed_in(world, echo)
    reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
    for number in range(3):
        request = (
            f"POST /{number} HTTP/1.1\r\nHost: {wire._host}\r\nCookie: {wire._cookie}\r\nContent-Length: 2\r\n\r\nok"
        )
        writer.write(request.encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert b"Connection: keep-alive" in head
        body = await reader.readexactly(int(header_of(head, "Content-Length")[0]))
        assert body.startswith(b"POST /%d HTTP/1.1" % number)
    writer.close()


async def test_a_head_request_has_no_body(world: World, echo: str) -> None:
    visitor, url, _wire = await signed_in(world, echo)
    answer = await visitor.client.head(f"{url}/")
    assert int(answer.headers["content-length"]) > 100
    assert answer.content == b""


async def test_basic_credentials_are_tried_kept_and_sent(world: World) -> None:
    async def guarded(head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        given = header_of(head, "Authorization")
        if given == ["Basic bWluZzrlr4bnoIE="]:
            body = json.dumps(given).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        else:
            writer.write(b'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n')
        await writer.drain()

    async with raw_upstream(guarded) as upstream:
        url = await world.add("trac", upstream, mode="basic", login_path=None, logout_path=None)
        visitor = world.visitor()
        page = await visitor.open(f"{url}/")
        page = await visitor.submit(page, username="ming", password="falsch")
        assert page.status_code == 422
        page = await visitor.submit(page, username="ming", password="密码")
        assert page.text == '["Basic bWluZzrlr4bnoIE="]'


@pytest.mark.parametrize(
    ("request_line", "extra", "passes"),
    [
        ("POST / HTTP/1.1", "Sec-Fetch-Site: same-site\r\n", False),
        ("DELETE / HTTP/1.1", "Sec-Fetch-Site: cross-site\r\nOrigin: null\r\n", False),
        ("POST / HTTP/1.1", "Origin: http://neighbour.localhost\r\n", False),
        ("GET /ws HTTP/1.1", "Origin: http://b.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n", False),
        ("GET / HTTP/1.1", "Sec-Fetch-Site: cross-site\r\n", True),
        ("POST / HTTP/1.1", "Sec-Fetch-Site: same-origin\r\nOrigin: null\r\n", True),
        ("POST / HTTP/1.1", "", True),
    ],
)  # fmt: skip
async def test_a_neighbour_changes_nothing_in_ones_name(
    world: World, echo: str, request_line: str, extra: str, passes: bool
) -> None:
    _visitor, _url, wire = await signed_in(world, echo)
    answer = await wire.send(request_line, extra=extra, until_close=False)
    assert answer.startswith(b"HTTP/1.1 200" if passes else b"HTTP/1.1 403")
