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
        target = urlsplit(urljoin(head.url, head.location)).path
    except ValueError:
        return False
    return without_session_id(target) == without_session_id(urlsplit(site.login_path).path)


def worth_reading(head: AnswerHead) -> bool:
    """Whether the body may hold a login form."""
    return head.status in FORM_STATUSES and head.content_type.lower().startswith(PAGE_TYPES)


def body_challenges(head: AnswerHead, body: bytes) -> bool:
    """Whether this page, decoded, is a login page."""
    return worth_reading(head) and has_login_form(body, head.content_type)


def without_session_id(path: str) -> str:
    """`/login;jsessionid=1` and `/login/` are the same page as `/login`."""
    return path.split(";", 1)[0].rstrip("/") or "/"
