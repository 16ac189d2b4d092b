"""Pages: Jinja2 templates of all packages, rendered with the same globals and the same strictness.

Autoescape is always on, an undefined name is an error, and nothing here touches the network: what a page shows is
decided before it is rendered.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from kernel import i18n
from kernel.web.csrf import FIELD_NAME, CsrfGuard
from kernel.web.locale import DISPLAY_COOKIES, LOCALE_PARAMETER
from kernel.web.static import StaticFiles

KERNEL_WEB_ROOT = Path(__file__).parent


@dataclass(frozen=True)
class NavLink:
    """One place to go. `label` is a msgid; `scopes`: shown to those who hold any of them, or to all when empty."""

    label: str
    href: str
    scopes: frozenset[str] = frozenset()
    group: str = ""


@dataclass(frozen=True)
class Navigation:
    """Where the header (`site`), the console's left rail (`console`) and the account menu lead."""

    site: tuple[NavLink, ...] = ()
    console: tuple[NavLink, ...] = ()
    account: tuple[NavLink, ...] = ()

    def visible(self, place: str, principal: object) -> list[NavLink]:
        """The links of "site", "console" or "account" that this Principal (or nobody) may follow."""
        scopes: frozenset[str] = getattr(principal, "scopes", frozenset())
        links: tuple[NavLink, ...] = getattr(self, place)
        return [link for link in links if not link.scopes or link.scopes & scopes]


class Pages:
    """Renders the templates found in `<root>/templates/` of each package, with the kernel's own beneath them."""

    def __init__(
        self,
        package_roots: Sequence[Path],
        *,
        csrf: CsrfGuard | None = None,
        navigation: Navigation | None = None,
    ) -> None:
        roots = [*package_roots, KERNEL_WEB_ROOT]
        self.csrf = csrf or CsrfGuard()
        self.static = StaticFiles(roots)
        self.navigation = navigation or Navigation()
        i18n.Catalogs.load(package_roots)
        self._environment = _environment([root / "templates" for root in roots])
        self._environment.globals.update(static_url=self.static.url, navigation=self.navigation)

    def render(self, request: Request, name: str, *, status: int = 200, **context: object) -> HTMLResponse:
        """The page as an answer in the locale of the request.

        `signed_in` is whoever `kernel.web.sign_in` found during this request; pass it yourself to say otherwise.
        """
        values = {"signed_in": getattr(request.state, "signed_in", None), **_display(request), **context}
        values["_csrf"] = lambda: self.csrf.token(request)
        text = self._environment.get_template(name).render(_locale_context() | values)
        response = HTMLResponse(text, status_code=status)
        response.headers["Content-Language"] = i18n.language_tag(i18n.current_locale())
        if values["signed_in"] is not None:
            # What one person sees is for nobody who sits down at the same browser later.
            response.headers["Cache-Control"] = "no-store"
        self.csrf.remember(request, response)
        return response

    def render_text(self, name: str, locale: str, **context: object) -> str:
        """The page's text without a request, for those who speak HTTP by hand. `csrf_field()` does not work there."""
        values: dict[str, object] = {"signed_in": None, "path": "/", "theme": "", "text_size": ""}
        values["language_links"] = []
        with i18n.use_locale(locale):
            return self._environment.get_template(name).render(_locale_context() | values | context)


def _environment(folders: Sequence[Path]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([str(folder) for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        _=i18n.gettext,
        gettext=i18n.gettext,
        ngettext=i18n.ngettext,
        format_date=i18n.format_date,
        format_datetime=i18n.format_datetime,
        days_left=i18n.days_left,
        csrf_field=_csrf_field,
        now=lambda: datetime.now(UTC),
    )
    environment.filters["grouped"] = grouped
    environment.filters["masked"] = masked
    return environment


@pass_context
def _csrf_field(context: Context) -> Markup:
    make: Any = context.get("_csrf")
    if make is None:
        message = "csrf_field() needs a request; import macros that call it `with context`"
        raise RuntimeError(message)
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD_NAME, make())


def _locale_context() -> dict[str, object]:
    locale = i18n.current_locale()
    return {"locale": locale, "html_lang": i18n.language_tag(locale)}


def _display(request: Request) -> dict[str, object]:
    """What the reader chose to see: theme, text size, and links to this page in other languages."""
    chosen = {name: request.cookies.get(name, "") for name in DISPLAY_COOKIES}
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != LOCALE_PARAMETER]
    if request.method != "GET":
        kept = []
    return {
        "path": request.url.path,
        "theme": chosen["xinyin_theme"] if chosen["xinyin_theme"] in {"light", "dark"} else "",
        "text_size": "large" if chosen["xinyin_text"] == "large" else "",
        "language_links": [_language_link(locale, kept) for locale in i18n.LOCALES],
    }


def _language_link(locale: str, query: Sequence[tuple[str, str]]) -> Mapping[str, object]:
    names = {"zh_CN": "中文", "en": "English"}
    return {
        "href": "?" + urlencode([*query, (LOCALE_PARAMETER, locale)]),
        "label": names[locale],
        "lang": i18n.language_tag(locale),
        "current": locale == i18n.current_locale(),
    }


def grouped(code: object, size: int = 4) -> str:
    """A long code in groups for reading aloud: 1234 5678 9012. The groups are parted by thin no-break spaces.

    Parts that dots or hyphens set apart already are grouped each on its own.
    """
    return re.sub(rf"([^.\-]{{{size}}})(?=[^.\-])", "\\1\u202f", str(code))


def masked(code: object, shown: int = 4) -> str:
    """All but the last characters hidden."""
    text = str(code)
    return "•" * max(len(text) - shown, 0) + text[-shown:]
