"""What the gateway knows of one application."""

import re
from dataclasses import dataclass
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

from kernel.errors import FieldError, InvalidInput

Mode = Literal["headers", "basic", "form"]
"""How people are signed in: by identity headers, by HTTP Basic (RFC 7617), by filling in the login form."""

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
PATH = re.compile(r"/[!-~]{0,500}")


@dataclass(frozen=True)
class Site:
    """One application. `slug` is its host below the gateway's; the paths are the application's own.

    `entry_path` is a page that asks for sign-in; `login_path` where the form is, when the application redirects there
    (leave it out when the form stands at the protected addresses themselves).
    """

    slug: str
    name: str
    upstream_url: str
    mode: Mode = "form"
    entry_path: str = "/"
    login_path: str | None = None
    logout_path: str | None = None
    user_header: str = "X-Xinyin-User"
    name_header: str = "X-Xinyin-Name"

    @property
    def needs_credentials(self) -> bool:
        """Whether people must give the gateway their account there."""
        return self.mode != "headers"

    @property
    def origin(self) -> str:
        """Scheme, host and port of the application, as it knows itself."""
        parts = urlsplit(self.upstream_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def host_header(self) -> str:
        """The `Host` that the application is asked for."""
        return urlsplit(self.upstream_url).netloc

    @property
    def host(self) -> str:
        """The host to connect to."""
        return urlsplit(self.upstream_url).hostname or ""

    @property
    def is_tls(self) -> bool:
        """Whether the application is reached over TLS."""
        return urlsplit(self.upstream_url).scheme == "https"

    @property
    def port(self) -> int:
        """The port to connect to."""
        return urlsplit(self.upstream_url).port or (443 if self.is_tls else 80)


def check_site(site: Site) -> Site:
    """Give back the same site when it can work; raises InvalidInput naming every field that is wrong."""
    problems = []
    if not SLUG.fullmatch(site.slug):
        problems.append(FieldError("slug", "Use small letters, digits and hyphens: it becomes part of an address."))
    if not site.name.strip() or len(site.name) > 100:
        problems.append(FieldError("name", "Give the application a name of at most 100 characters."))
    if not _is_origin(site.upstream_url):
        problems.append(FieldError("upstream_url", "Give an address such as http://10.0.0.8:8080, without a path."))
    if site.mode not in get_args(Mode):
        problems.append(FieldError("mode", "Choose headers, basic or form."))
    for field in ("entry_path", "login_path", "logout_path"):
        path = cast("str | None", getattr(site, field))
        if path is not None and not PATH.fullmatch(path):
            problems.append(FieldError(field, "A path begins with a slash."))
    problems += [
        FieldError(field, "A header name has letters, digits and hyphens.")
        for field in ("user_header", "name_header")
        if not HEADER_NAME.fullmatch(getattr(site, field))
    ]
    if problems:
        raise InvalidInput("The application cannot be added as it is described.", fields=problems)
    return site


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return fine and parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
