"""When an application's answer means “sign in first”. Pure."""

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from sso_proxy.replay.forms import has_login_form
from sso_proxy.sites.site import Site

REDIRECTS = frozenset({301, 302, 303, 307, 308})
FORM_STATUSES = frozenset({200, 403, 419, 440})
PAGE_TYPES = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True)
class AnswerHead:
    """Of an answer: for which address, its status, where it leads, what it holds."""

    url: str
    status: int
    location: str | None
    content_type: str


def head_challenges(site: Site, head: AnswerHead) -> bool:
    """Whether the head alone says it: 401, or a redirect to the login page."""
    if head.status == 401:
        return True
    if site.login_path is None or head.status not in REDIRECTS or not head.location:
        return False
    try:
        return _is_login_path(site.login_path, urljoin(head.url, head.location))
    except ValueError:
        return False


def worth_reading(head: AnswerHead) -> bool:
    """Whether the body may hold a login form."""
    return head.status in FORM_STATUSES and head.content_type.lower().startswith(PAGE_TYPES)


def body_challenges(site: Site, head: AnswerHead, body: bytes) -> bool:
    """Whether this page, decoded, is a login page.

    An application with a login page of its own asks nowhere else: a password field on another page is for changing it.
    """
    if not worth_reading(head):
        return False
    if site.login_path is not None and not _is_login_path(site.login_path, head.url):
        return False
    return has_login_form(body, head.content_type)


def _is_login_path(login_path: str, url: str) -> bool:
    return without_session_id(urlsplit(url).path) == without_session_id(urlsplit(login_path).path)


def without_session_id(path: str) -> str:
    """`/login;jsessionid=1` and `/login/` are the same page as `/login`."""
    return path.split(";", 1)[0].rstrip("/") or "/"
