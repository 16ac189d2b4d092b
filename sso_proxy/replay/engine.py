"""One sign-in: fetch the page, fill in the form, submit it, follow where it leads, look again.

Nothing leaves the application's own origin, and nothing is believed until the page that asked for sign-in no longer
does.
"""

import base64
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urljoin, urlsplit

import httpx

from kernel.clock import Clock
from sso_proxy.credentials.service import Credential
from sso_proxy.replay.challenge import REDIRECTS, AnswerHead, body_challenges, head_challenges
from sso_proxy.replay.forms import LoginForm, Submission, find_login_form
from sso_proxy.replay.jar import CookieJar
from sso_proxy.sites.site import Site

Outcome = Literal["signed_in", "bad_credentials", "rejected", "no_form", "app_down"]

MAX_REDIRECTS = 10
MAX_ANSWER_BYTES = 1024 * 1024
TIMEOUT_SECONDS = 15.0
REFUSING = frozenset({401, 403})


@dataclass(frozen=True)
class BrowserTraits:
    """What the person's own browser says of itself: applications tie sessions to it, so sign-in says the same."""

    user_agent: str = "Mozilla/5.0"
    accept_language: str = ""
    address: str = "127.0.0.1"
    scheme: str = "http"


@dataclass(frozen=True)
class SignInResult:
    """How it went. `detail`: a code for the audit trail, never anything that was typed."""

    outcome: Outcome
    jar: CookieJar = field(repr=False)
    detail: str = ""


@dataclass(frozen=True)
class _Answer:
    head: AnswerHead
    body: bytes = field(repr=False)


class _Stopped(Exception):
    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome: Outcome = outcome
        self.detail = detail


class UpstreamSignIn:
    """Signs in to applications by form or by HTTP Basic.

    It speaks over a bare transport: an httpx client would keep cookies of its own, and so mix people up.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock

    async def sign_in(self, site: Site, credential: Credential, traits: BrowserTraits) -> SignInResult:
        """Try once; a refusal that may be due to an aged page is tried once more with a fresh one. Never raises."""
        result = await self._try(site, credential, traits)
        if result.outcome == "rejected" and result.detail.startswith("status"):
            result = await self._try(site, credential, traits)
        return result

    async def _try(self, site: Site, credential: Credential, traits: BrowserTraits) -> SignInResult:
        visit = _Visit(self._transport, site, traits, self._clock)
        try:
            if site.mode == "basic":
                return await visit.sign_in_basic(credential)
            return await visit.sign_in(credential)
        except _Stopped as stop:
            return SignInResult(stop.outcome, visit.jar, stop.detail)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as failure:
            return SignInResult("app_down", visit.jar, type(failure).__name__)


class _Visit:
    """One sequence of requests with one jar."""

    def __init__(self, transport: httpx.AsyncBaseTransport, site: Site, traits: BrowserTraits, clock: Clock) -> None:
        self._transport = transport
        self._site = site
        self._traits = traits
        self._clock = clock
        self._authorization = ""
        self.jar = CookieJar(site.host)

    async def sign_in(self, credential: Credential) -> SignInResult:
        page, form, protected = await self._find_form()
        answer = await self._follow(form.submission(credential.username, credential.secret), page.head.url)
        status = answer.head.status
        if status in REFUSING:
            return self._ended("bad_credentials", f"status {status}")
        if status >= 500:
            return self._ended("app_down", f"status {status}")
        if status >= 400:
            return self._ended("rejected", f"status {status}")
        if body_challenges(self._site, answer.head, answer.body):
            return self._ended("bad_credentials", "asked again")
        again = await self._get(protected)
        if self._is_challenge(again):
            return self._ended("bad_credentials", "still asks")
        return self._ended("signed_in", "")

    async def sign_in_basic(self, credential: Credential) -> SignInResult:
        """RFC 7617: the page that asks for sign-in no longer does when the account goes with the request."""
        self._authorization = basic_authorization(credential)
        status = (await self._get(self._site.origin + self._site.entry_path)).head.status
        if status in REFUSING:
            return self._ended("bad_credentials", f"status {status}")
        return self._ended("app_down" if status >= 500 else "signed_in", f"status {status}")

    async def _find_form(self) -> tuple[_Answer, LoginForm, str]:
        """The page with the form, the form, and the address that asked for sign-in."""
        for path in dict.fromkeys(filter(None, (self._site.entry_path, self._site.login_path))):
            url = self._site.origin + path
            page = await self._get(url)
            if page.head.status >= 500:
                raise _Stopped("app_down", f"status {page.head.status}")
            form = find_login_form(page.body, page.head.url, page.head.content_type)
            if form is not None:
                return page, form, url
        raise _Stopped("no_form", "no page with one password field")

    def _is_challenge(self, answer: _Answer) -> bool:
        return head_challenges(self._site, answer.head) or body_challenges(self._site, answer.head, answer.body)

    def _ended(self, outcome: Outcome, detail: str) -> SignInResult:
        return SignInResult(outcome, self.jar, detail)

    async def _get(self, url: str) -> _Answer:
        return await self._follow(Submission("GET", url, None, None), None)

    async def _follow(self, request: Submission, referer: str | None) -> _Answer:
        """Send it and follow redirects as a browser does (Fetch §4.4): 307 and 308 keep method and body."""
        for _step in range(MAX_REDIRECTS + 1):
            answer = await self._send(request, referer)
            location = answer.head.location
            if answer.head.status not in REDIRECTS or not location:
                return answer
            url = urljoin(request.url, location).split("#", 1)[0]
            if answer.head.status in (307, 308):
                request = Submission(request.method, url, request.content_type, request.body)
            else:
                request = Submission("GET", url, None, None)
        raise _Stopped("rejected", "too many redirects")

    async def _send(self, request: Submission, referer: str | None) -> _Answer:
        parts = urlsplit(request.url)
        if f"{parts.scheme}://{parts.netloc}" != self._site.origin:
            raise _Stopped("rejected", "leads to another site")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = self._headers(request, referer, target)
        message = httpx.Request(
            request.method,
            request.url,
            content=request.body,
            headers=headers,
            extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_SECONDS)},
        )
        response = await self._transport.handle_async_request(message)
        try:
            body = await self._take_in(response, target)
        finally:
            await response.aclose()
        kind = response.headers.get("content-type", "")
        return _Answer(AnswerHead(request.url, response.status_code, response.headers.get("location"), kind), body)

    async def _take_in(self, response: httpx.Response, target: str) -> bytes:
        for value in response.headers.get_list("set-cookie"):
            self.jar.store(value, target, self._clock())
        body = b""
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                break
        return body

    def _headers(self, request: Submission, referer: str | None, target: str) -> dict[str, str]:
        headers = {
            "Host": self._site.host_header,
            "User-Agent": self._traits.user_agent,
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Encoding": "gzip, deflate",
            "X-Forwarded-For": self._traits.address,
            "X-Forwarded-Proto": self._traits.scheme,
            "Sec-Fetch-Site": "same-origin" if referer else "none",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        }
        if self._traits.accept_language:
            headers["Accept-Language"] = self._traits.accept_language
        if referer:
            headers["Referer"] = referer
        if request.method == "POST":
            headers["Origin"] = self._site.origin
        if request.content_type:
            headers["Content-Type"] = request.content_type
        if self._authorization:
            headers["Authorization"] = self._authorization
        if cookies := self.jar.header(target, self._clock(), secure=self._site.is_tls):
            headers["Cookie"] = cookies
        return headers


def basic_authorization(credential: Credential) -> str:
    """The `Authorization` value of RFC 7617 §2, in UTF-8."""
    pair = f"{credential.username}:{credential.secret}".encode()
    return f"Basic {base64.b64encode(pair).decode('ascii')}"
