"""Which application a host name means: `<slug>.<gateway host>`. Pure."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class GatewayAddress:
    """The gateway's own address, for example http://localhost:8080, without a path."""

    url: str

    @property
    def scheme(self) -> str:
        """http or https, as browsers see it."""
        return urlsplit(self.url).scheme

    @property
    def authority(self) -> str:
        """Host and port, as browsers send them."""
        return urlsplit(self.url).netloc.lower()

    @property
    def is_https(self) -> bool:
        """Whether browsers reach it over TLS, so that cookies are `Secure`."""
        return self.scheme == "https"

    def slug_of(self, host: str) -> str | None:
        """The application's slug, "" for the gateway's own host, None for a host that is not ours."""
        host = host.lower().rstrip(".")
        if host == self.authority:
            return ""
        slug, dot, rest = host.partition(".")
        return slug if dot and rest == self.authority and slug else None

    def host_of(self, slug: str) -> str:
        """The authority of an application."""
        return f"{slug}.{self.authority}"

    def origin_of(self, slug: str) -> str:
        """The public origin of an application."""
        return f"{self.scheme}://{self.host_of(slug)}"
