"""A browser as tests need it: follows redirects of ours, reads forms, and keeps cookies."""

import html
import re
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

ORIGIN = "https://idp.test"


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def query_of(address: str) -> dict[str, str]:
    """The parameters in an address."""
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


class Browser:
    """One person's browser."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, address: str, **arguments: object) -> httpx.Response:
        """Open an address and follow redirects until a page, or until they leave us."""
        return await self.follow(await self.client.get(address, **arguments))  # type: ignore[arg-type]

    async def post(self, address: str, data: dict[str, str], **arguments: object) -> httpx.Response:
        """Send a form and follow redirects until a page, or until they leave us."""
        return await self.follow(await self.client.post(address, data=data, **arguments))  # type: ignore[arg-type]

    async def submit(self, page: httpx.Response, **fields: str) -> httpx.Response:
        """Fill in the last form of a page and send it."""
        action = re.findall(r'<form method="post" action="([^"]*)"', page.text)[-1]
        address = urljoin(str(page.url), html.unescape(action))
        form = page.text[page.text.rindex("<form") :]
        return await self.post(address, {**hidden_fields(form), **fields})

    async def follow(self, response: httpx.Response) -> httpx.Response:
        """Follow redirects within our origin."""
        while response.is_redirect:
            target = urljoin(str(response.url), response.headers["location"])
            if not target.startswith(ORIGIN + "/"):
                return response
            response = await self.client.get(target)
        return response

    async def sign_in(self, username: str, password: str, page: httpx.Response | None = None) -> httpx.Response:
        """Enter user name and password on the sign-in page."""
        page = page or await self.get("/login")
        return await self.submit(page, username=username, password=password)
