"""Which addresses may be called at all. Pure."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from kernel.errors import ConfigurationError, Forbidden

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefused(Forbidden):
    """The address may not be called; `reason` says why, for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__("This address may not be called from here.", reason=reason)


@dataclass(frozen=True)
class OutboundPolicy:
    """The public internet by https, and the networks that the operator allows, also by http.

    `allowed`: networks of one's own, for applications in the intranet. `signed_objects`: only what proves itself by a
    signature is fetched, so that plain http will do in the internet too (RFC 5280 §8).
    """

    allowed: tuple[Network, ...] = ()
    signed_objects: bool = False

    @classmethod
    def of(cls, networks: Iterable[str]) -> "OutboundPolicy":
        """From texts such as `10.0.0.0/8` or `127.0.0.1`. Raises `ConfigurationError`."""
        try:
            return cls(tuple(ipaddress.ip_network(each.strip()) for each in networks))
        except ValueError as error:
            raise ConfigurationError("{problem} is not a network such as 10.1.0.0/16.", problem=error) from error

    def read(self, url: str) -> SplitResult:
        """The parts of an address that could be called. Raises `AddressRefused`."""
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError as error:
            raise AddressRefused("not an address") from error
        if parts.scheme not in {"https", "http"} or not host:
            raise AddressRefused("not a web address")
        if parts.username is not None or parts.password is not None:
            raise AddressRefused("credentials in the address")
        if any(not "!" <= character <= "~" for character in url) or "\\" in url:
            raise AddressRefused("unusual characters")
        return parts

    def check(self, scheme: str, address: Address) -> None:
        """Raises `AddressRefused` unless this resolved address may be called by this scheme."""
        if any(address.version == each.version and address in each for each in self.allowed):
            return
        if scheme != "https" and not self.signed_objects:
            raise AddressRefused("not https")
        for each in (address, *_inside(address)):
            if not each.is_global or each.is_multicast or each.is_reserved:
                raise AddressRefused("not a public address")


def _inside(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address may be a cloak of."""
    if not isinstance(address, ipaddress.IPv6Address):
        return []
    found: list[Address] = [each for each in (address.ipv4_mapped, address.sixtofour) if each is not None]
    if address in NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address.teredo is not None:
        found += list(address.teredo)
    return found
