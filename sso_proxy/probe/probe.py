"""Fetch the front page as a stranger would, see where it leads and what it asks."""

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from kernel.errors import InvalidInput, Unavailable
from sso_proxy.replay.forms import LoginForm, find_login_form
from sso_proxy.sites.site import Mode, Site, check_site

USUAL_LOGIN_PATHS = ("/login", "/signin", "/sign_in", "/login.jsp", "/user/login", "/account/login", "/admin/login")
USUAL_LOGOUT_PATHS = {
    "/login": "/logout",
    "/signin": "/signout",
    "/sign_in": "/sign_out",
    "/user/login": "/user/logout",
}
MAX_REDIRECTS = 10
TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class SiteProposal:
    """A site as it could be added, and what was found: the form's fields, and what a person should look at."""

    site: Site
    username_field: str | None
    password_field: str | None
    field_names: tuple[str, ...]
    remarks: tuple[str, ...]


async def probe(url: str, *, slug: str = "app", name: str = "") -> SiteProposal:
    """Look at the application at `url`. Sends nothing but GET requests. Raises InvalidInput, Unavailable."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    plain = check_site(Site(slug=slug, name=name or parts.netloc, upstream_url=origin, mode="headers"))
    entry = parts.path or "/"
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            return await _look(client, plain, entry)
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        raise Unavailable("{url} does not answer.", url=origin, reason=type(failure).__name__) from failure


async def _look(client: httpx.AsyncClient, plain: Site, entry: str) -> SiteProposal:
    origin = plain.origin
    response, redirected = await _follow(client, origin, origin + entry)
    if response.status_code == 401 and "basic" in response.headers.get("www-authenticate", "").lower():
        return _proposal(plain, "basic", entry, None, None)
    form = _form_of(response)
    if form is not None:
        login_path = response.url.path if redirected else None
        return _proposal(plain, "form", entry, login_path, form)
    for path in USUAL_LOGIN_PATHS:
        response, _redirected = await _follow(client, origin, origin + path)
        if (form := _form_of(response)) is not None:
            remark = "The front page is open to all; give a page that asks for sign-in as the entry page."
            return _proposal(plain, "form", response.url.path, response.url.path, form, remark)
    return SiteProposal(plain, None, None, (), ("No sign-in form was found: identity headers are proposed.",))


def _form_of(response: httpx.Response) -> LoginForm | None:
    return find_login_form(response.content, str(response.url), response.headers.get("content-type", ""))


async def _follow(client: httpx.AsyncClient, origin: str, url: str) -> tuple[httpx.Response, bool]:
    for step in range(MAX_REDIRECTS):
        response = await client.get(url, headers={"Accept": "text/html"})
        location = response.headers.get("location")
        if not response.is_redirect or not location:
            return response, step > 0
        url = urljoin(url, location)
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" != origin:
            raise InvalidInput("The application leads to another site: {host}.", host=parts.netloc)
    raise Unavailable("{url} leads in circles.", url=origin)


def _proposal(
    plain: Site, mode: Mode, entry: str, login_path: str | None, form: LoginForm | None, remark: str = ""
) -> SiteProposal:
    site = Site(
        slug=plain.slug,
        name=plain.name,
        upstream_url=plain.upstream_url,
        mode=mode,
        entry_path=entry,
        login_path=login_path,
        logout_path=USUAL_LOGOUT_PATHS.get(login_path or ""),
    )
    names = tuple(dict.fromkeys(name for name, _value in form.controls)) if form else ()
    return SiteProposal(
        site=site,
        username_field=form.username_field if form else None,
        password_field=form.password_field if form else None,
        field_names=names,
        remarks=(remark,) if remark else (),
    )
