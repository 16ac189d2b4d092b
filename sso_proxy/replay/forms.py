"""Login forms as a browser sees them: which form it is, what it would send, where and how.

Pure. HTML Living Standard §4.10.22 (form submission): successful controls in document order, form owners by `form=`,
the first submit button, `<base href>`, enctype and charset.
"""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_plus, urljoin, urlsplit, urlunsplit

from lxml import html
from lxml.etree import LxmlError

MAX_PAGE_BYTES = 256 * 1024
USERNAME_TYPES = frozenset({"text", "email", "tel", "number", "search", "url", ""})
BUTTON_TYPES = frozenset({"submit", "image"})
UNSENT_TYPES = frozenset({"button", "reset", "submit", "image", "file"})
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)


@dataclass(frozen=True)
class Submission:
    """One request as the form makes it. `body` is None for GET, whose fields are in `url`."""

    method: str
    url: str
    content_type: str | None
    body: bytes | None


@dataclass(frozen=True)
class LoginForm:
    """A form with exactly one password field. `controls`: what would be sent as it stands, in document order."""

    action: str
    method: str
    enctype: str
    charset: str
    controls: tuple[tuple[str, str], ...]
    username_field: str | None
    password_field: str

    def filled(self, username: str, password: str) -> tuple[tuple[str, str], ...]:
        """The controls with the two values in their places."""
        values = {self.password_field: password}
        if self.username_field is not None:
            values[self.username_field] = username
        return tuple((name, values.get(name, value)) for name, value in self.controls)

    def submission(self, username: str, password: str) -> Submission:
        """The request that a browser would send after typing these two."""
        fields = self.filled(username, password)
        if self.method == "GET":
            parts = urlsplit(self.action)
            return Submission(
                "GET", urlunsplit(parts._replace(query=self._urlencoded(fields), fragment="")), None, None
            )
        if self.enctype == "multipart/form-data":
            boundary = f"----xinyin{secrets.token_hex(12)}"
            return Submission(
                "POST", self.action, f"{self.enctype}; boundary={boundary}", self._multipart(fields, boundary)
            )
        if self.enctype == "text/plain":
            text = "".join(f"{name}={value}\r\n" for name, value in fields)
            return Submission("POST", self.action, self.enctype, text.encode(self.charset, "xmlcharrefreplace"))
        body = self._urlencoded(fields).encode("ascii")
        return Submission("POST", self.action, "application/x-www-form-urlencoded", body)

    def _urlencoded(self, fields: tuple[tuple[str, str], ...]) -> str:
        def encoded(text: str) -> str:
            return quote_plus(_newlines(text).encode(self.charset, "xmlcharrefreplace"), safe="*-._")

        return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in fields)

    def _multipart(self, fields: tuple[tuple[str, str], ...], boundary: str) -> bytes:
        parts = []
        for name, value in fields:
            safe = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{safe}"\r\n\r\n'
            parts.append(f"{head}{_newlines(value)}\r\n".encode(self.charset, "xmlcharrefreplace"))
        return b"".join([*parts, f"--{boundary}--\r\n".encode()])


def find_login_form(body: bytes, url: str, content_type: str = "") -> LoginForm | None:
    """The first form of the page at `url` with exactly one enabled password field, or None.

    A form with two such fields changes a password or makes an account, and is never taken for a login.
    """
    if b"password" not in body[:MAX_PAGE_BYTES].lower():
        return None
    charset = page_charset(body, content_type)
    page = _parse(body, charset)
    if page is None:
        return None
    base = _base(page, url)
    for form in page.iter("form"):
        controls = list(_controls_of(page, form))
        passwords = [each for each in controls if _is_password(each)]
        if len(passwords) == 1 and passwords[0].get("name"):
            return _login_form(form, controls, passwords[0], base, url, charset)
    return None


def has_login_form(body: bytes, content_type: str = "") -> bool:
    """Whether this page asks to sign in."""
    return find_login_form(body, "http://page.invalid/", content_type) is not None


def page_charset(body: bytes, content_type: str = "") -> str:
    """The charset of a page: of the header, else of `<meta>`, else UTF-8; always one that Python can encode."""
    declared = re.search(r"charset\s*=\s*[\"']?([A-Za-z0-9_:.-]+)", content_type, re.IGNORECASE)
    meta = _META_CHARSET.search(body[:2048])
    for name in (declared.group(1) if declared else None, meta.group(1).decode("ascii") if meta else None):
        if name and (known := _encoding(name)):
            return known
    return "utf-8"


def _encoding(name: str) -> str | None:
    name = name.lower()
    name = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "iso-8859-1": "cp1252"}.get(name, name)
    try:
        "a".encode(name)
    except (LookupError, UnicodeError, ValueError):
        return None
    # The WHATWG rule: a page in UTF-16 or UTF-7 still submits UTF-8.
    return "utf-8" if name.startswith(("utf-16", "utf-7", "utf-32", "utf_")) else name


def _parse(body: bytes, charset: str) -> html.HtmlElement | None:
    text = body[:MAX_PAGE_BYTES].decode(charset, "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    parser = html.HTMLParser(encoding="utf-8", huge_tree=False, no_network=True)
    try:
        page: html.HtmlElement | None = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (LxmlError, ValueError, AssertionError):
        return None
    return page


def _base(page: html.HtmlElement, url: str) -> str:
    for base in page.iter("base"):
        if href := base.get("href"):
            return _joined(url, href)
    return url


def _joined(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference.strip())
    except ValueError:
        return base


def _controls_of(page: html.HtmlElement, form: html.HtmlElement) -> Iterator[html.HtmlElement]:
    """The controls that the form owns, in document order, wherever they stand."""
    own = form.get("id")
    for control in page.iter("input", "select", "textarea", "button"):
        owner = control.get("form")
        inside = next(control.iterancestors("form"), None) is form
        if (owner == own if owner is not None and own is not None else inside and owner is None) and not _disabled(
            control
        ):
            yield control


def _disabled(control: html.HtmlElement) -> bool:
    if control.get("disabled") is not None:
        return True
    for fieldset in control.iterancestors("fieldset"):
        legend = fieldset.find("legend")
        if fieldset.get("disabled") is not None and (legend is None or legend not in control.iterancestors()):
            return True
    return any(True for _ in control.iterancestors("datalist", "template"))


def _kind(control: html.HtmlElement) -> str:
    if control.tag == "button":
        kind = (control.get("type") or "submit").lower().strip()
        return kind if kind in ("reset", "button") else "submit"
    if control.tag == "input":
        return (control.get("type") or "text").lower().strip()
    return str(control.tag)


def _is_password(control: html.HtmlElement) -> bool:
    return control.tag == "input" and _kind(control) == "password"


def _login_form(
    form: html.HtmlElement,
    controls: list[html.HtmlElement],
    password: html.HtmlElement,
    base: str,
    url: str,
    charset: str,
) -> LoginForm:
    submit = next((each for each in controls if _kind(each) in BUTTON_TYPES), None)
    pairs = [pair for control in controls for pair in _pairs(control, submit)]
    action = _of_button(submit, "formaction") or form.get("action") or ""
    enctype = (_of_button(submit, "formenctype") or form.get("enctype") or "").lower().strip()
    method = (_of_button(submit, "formmethod") or form.get("method") or "get").upper().strip()
    accepted = [_encoding(name) for name in re.split(r"[\s,]+", form.get("accept-charset") or "") if name]
    return LoginForm(
        # An empty action means the page itself, whatever <base> says.
        action=_joined(base, action) if action.strip() else url,
        method="POST" if method == "POST" else "GET",
        enctype=enctype if enctype in ("multipart/form-data", "text/plain") else "application/x-www-form-urlencoded",
        charset=next((name for name in accepted if name), charset),
        controls=tuple(pairs),
        username_field=_username_field(controls, password),
        password_field=password.get("name") or "",
    )


def _of_button(button: html.HtmlElement | None, attribute: str) -> str | None:
    return button.get(attribute) if button is not None else None


def _username_field(controls: list[html.HtmlElement], password: html.HtmlElement) -> str | None:
    """The last text field before the password; else the first one after it."""
    place = controls.index(password)
    for candidate in [*reversed(controls[:place]), *controls[place + 1 :]]:
        if candidate.tag == "input" and _kind(candidate) in USERNAME_TYPES and candidate.get("name"):
            return str(candidate.get("name"))
    return None


def _pairs(control: html.HtmlElement, submit: html.HtmlElement | None) -> Iterator[tuple[str, str]]:
    """What one control sends: nothing, one pair, or several (a multiple select; the two of an image button)."""
    name, kind = control.get("name") or "", _kind(control)
    if kind == "image" and control is submit:
        prefix = f"{name}." if name else ""
        yield from ((f"{prefix}x", "0"), (f"{prefix}y", "0"))
    elif not name:
        return
    elif submit is not None and control is submit:
        yield name, control.get("value") or ""
    elif kind in ("checkbox", "radio"):
        if control.get("checked") is not None:
            yield name, control.get("value", "on")
    elif control.tag == "select":
        yield from ((name, value) for value in _selected(control))
    elif control.tag == "textarea":
        yield name, (control.text_content() or "").removeprefix("\n")
    elif kind not in UNSENT_TYPES:
        yield name, control.get("value") or ""


def _selected(select: html.HtmlElement) -> list[str]:
    options = [each for each in select.iter("option") if each.get("disabled") is None]
    chosen = [each for each in options if each.get("selected") is not None]
    if select.get("multiple") is None:
        chosen = chosen[-1:] or options[:1]
    return [
        str(value) if (value := each.get("value")) is not None else " ".join((each.text_content() or "").split())
        for each in chosen
    ]


def _newlines(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\r\n", text)
