"""A browser without pictures: opens pages, clicks links by their text, fills in forms, keeps cookies."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx
from lxml import html

CHINESE = {"Accept": "text/html,application/xhtml+xml", "Accept-Language": "zh-CN,zh;q=0.9"}
MOST_REDIRECTS = 20
Upload = tuple[str, bytes, str]


class LocalTransport(httpx.HTTPTransport):
    """Finds `anything.localhost` on this machine, as browsers do (RFC 6761 §6.3); not every resolver does."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to the loopback address; its Host header stays."""
        if request.url.host.endswith("localhost"):
            # A copy: the client keeps cookies by the address of the request that it knows.
            local = request.url.copy_with(host="127.0.0.1")
            request = httpx.Request(request.method, local, headers=request.headers, stream=request.stream)
        return super().handle_request(request)


class Browser:
    """One person's browser. `address` and `page` are where it stands, `way` every address since the last request."""

    def __init__(self) -> None:
        self.http = httpx.Client(transport=LocalTransport(), headers=CHINESE, timeout=60)
        self.response = httpx.Response(200)
        self.way: list[str] = []
        self.stops: tuple[str, ...] = ()
        """Addresses that belong to somebody else: a redirect there ends the way."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.http.close()

    @property
    def address(self) -> str:
        """Where the browser stands."""
        return self.way[-1]

    @property
    def status(self) -> int:
        """The status of the page."""
        return self.response.status_code

    @property
    def page(self) -> html.HtmlElement:
        """The page as a tree."""
        return html.fromstring(self.response.text)

    @property
    def text(self) -> str:
        """What a person reads: the text of the page, white space folded."""
        page = self.page
        for unread in page.xpath("//script|//style"):
            unread.drop_tree()
        return " ".join(page.text_content().split())

    @property
    def heading(self) -> str:
        """The page's one `h1`."""
        (heading,) = self.page.xpath("//h1")
        return " ".join(heading.text_content().split())

    def open(self, address: str) -> Self:
        """Type an address."""
        self.way = []
        return self._follow(address, self.http.build_request("GET", address))

    def click(self, text: str) -> Self:
        """Follow the first link that reads `text`."""
        found = [each for each in self.page.xpath("//a[@href]") if " ".join(each.text_content().split()) == text]
        assert found, f"no link {text} on {self.address}: {self.text[:400]}"
        target = urljoin(self.address, found[0].get("href"))
        self.way = []
        return self._follow(target, self.http.build_request("GET", target))

    def submit(
        self, fields: Mapping[str, str], press: str | None = None, files: Mapping[str, Upload] | None = None
    ) -> Self:
        """Fill in the form that has these fields (and the button that reads `press`), and send it."""
        form = self._form({*fields, *(files or {})}, press)
        values = dict(form.form_values())
        values |= {**self._button(form, press), **fields}
        target = urljoin(self.address, form.get("action") or self.address)
        origin = str(httpx.URL(self.address).copy_with(raw_path=b"/")).rstrip("/")
        request = self.http.build_request(
            "POST", target, data=values, files=files, headers={"Origin": origin, "Sec-Fetch-Site": "same-origin"}
        )
        self.way = []
        return self._follow(target, request)

    def download(self, text: str) -> bytes:
        """What the link that reads `text` gives, without leaving the page."""
        (link,) = [each for each in self.page.xpath("//a[@href]") if " ".join(each.text_content().split()) == text]
        response = self.http.get(urljoin(self.address, link.get("href")))
        assert response.status_code == 200, response.text
        assert response.headers["content-disposition"].startswith("attachment")
        return response.content

    def _form(self, names: set[str], press: str | None) -> html.FormElement:
        for form in self.page.forms:
            if names <= set(form.fields.keys()) and (press is None or self._pressed(form, press) is not None):
                return form
        raise AssertionError(f"no form with {sorted(names)} and {press} on {self.address}: {self.text[:400]}")

    def _pressed(self, form: html.FormElement, text: str) -> html.HtmlElement | None:
        buttons = form.xpath(".//button")
        return next((each for each in buttons if " ".join(each.text_content().split()) == text), None)

    def _button(self, form: html.FormElement, press: str | None) -> dict[str, str]:
        button = self._pressed(form, press) if press else None
        if button is None or not button.get("name"):
            return {}
        return {button.get("name"): button.get("value", "")}

    def _follow(self, address: str, request: httpx.Request) -> Self:
        self.way.append(address)
        response = self.http.send(request)
        while response.is_redirect:
            address = urljoin(address, response.headers["location"])
            self.way.append(address)
            if address.startswith(self.stops) if self.stops else False:
                break
            assert len(self.way) < MOST_REDIRECTS, self.way
            response = self.http.get(address)
        self.response = response
        return self
