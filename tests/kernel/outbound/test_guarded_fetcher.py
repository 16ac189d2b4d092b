"""Nobody makes us call our own network: every resolved address is judged, and the judged one is called."""

import ipaddress
from collections.abc import Sequence

import httpx
import pytest

from kernel.errors import ConfigurationError, Unavailable
from kernel.outbound.fetch import GuardedFetcher
from kernel.outbound.policy import Address, AddressRefused, OutboundPolicy

PUBLIC = "93.184.216.34"


class World(httpx.AsyncBaseTransport):
    """Remembers the requests, answers with one reply."""

    def __init__(self, reply: httpx.Response) -> None:
        self.reply = reply
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.reply


def fetcher(world: World, *addresses: str, allowed: Sequence[str] = ()) -> GuardedFetcher:
    async def resolve(host: str, port: int) -> Sequence[Address]:
        return [ipaddress.ip_address(each) for each in addresses]

    return GuardedFetcher(OutboundPolicy.of(allowed), transport=world, resolver=resolve)


@pytest.fixture
def world() -> World:
    return World(httpx.Response(200, json={"keys": []}))


async def test_a_public_address_is_called_by_the_number_that_was_judged(world: World) -> None:
    answer = await fetcher(world, PUBLIC).get("https://rp.test:8443/jwks?x=1")
    assert answer.json() == {"keys": []}
    request = world.asked[0]
    assert (request.url.host, request.url.port, request.headers["host"]) == (PUBLIC, 8443, "rp.test:8443")
    assert request.extensions["sni_hostname"] == "rp.test"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
    ],
)
async def test_addresses_that_are_not_public_are_refused(world: World, address: str) -> None:
    with pytest.raises(AddressRefused):
        await fetcher(world, address).get("https://rp.test/")
    assert world.asked == []


async def test_one_private_address_among_public_ones_is_enough_to_refuse(world: World) -> None:
    with pytest.raises(AddressRefused):
        await fetcher(world, PUBLIC, "10.0.0.1").get("https://rp.test/")


async def test_the_intranet_is_open_where_the_operator_says_so_also_without_tls(world: World) -> None:
    answer = await fetcher(world, "10.1.2.3", allowed=["10.1.0.0/16"]).get("http://app.intra.test/")
    assert answer.status == 200
    with pytest.raises(AddressRefused):
        await fetcher(world, "10.2.2.3", allowed=["10.1.0.0/16"]).get("http://app.intra.test/")


@pytest.mark.parametrize(
    "url",
    [
        "http://rp.test/",
        "ftp://rp.test/",
        "file:///etc/passwd",
        "https://user:word@rp.test/",
        "https:///nowhere",
        "https://rp.test:notaport/",
        "https://rp.test\\@evil.test/",
        "https://rp.test/ x",
        "",
    ],
)
async def test_addresses_that_are_no_plain_https_ones_are_refused(world: World, url: str) -> None:
    with pytest.raises(AddressRefused):
        await fetcher(world, PUBLIC).get(url)


async def test_redirects_are_not_followed() -> None:
    world = World(httpx.Response(302, headers={"Location": "http://127.0.0.1/"}))
    assert (await fetcher(world, PUBLIC).get("https://rp.test/")).status == 302
    assert len(world.asked) == 1


async def test_an_answer_without_end_is_cut_off() -> None:
    with pytest.raises(Unavailable):
        await fetcher(World(httpx.Response(200, content=b"x" * 300_000)), PUBLIC).get("https://rp.test/")


async def test_an_answer_that_is_not_json_is_said_so() -> None:
    answer = await fetcher(World(httpx.Response(200, content=b"<html>")), PUBLIC).get("https://rp.test/")
    with pytest.raises(Unavailable):
        answer.json()


async def test_a_name_that_leads_nowhere_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await GuardedFetcher(OutboundPolicy()).get("https://no-such-host.invalid/")


def test_a_network_that_is_none_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match=r"10\.1"):
        OutboundPolicy.of(["10.1.2.3/8"])
