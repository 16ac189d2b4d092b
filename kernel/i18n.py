"""Words in the reader's language: gettext over .po files, dates and spans as people say them.

Catalogues are read from `<package>/locale/<locale>/LC_MESSAGES/*.po` at the start of the process; there is no .mo to
forget. The locale of the work at hand lives in a context variable, so a service need not be handed one.
Protocol strings and codes never pass through here.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babel.dates import format_date as babel_format_date
from babel.messages.pofile import read_po

DEFAULT_LOCALE = "zh_CN"
LOCALES = (DEFAULT_LOCALE, "en")
DISPLAY_ZONE = ZoneInfo("Asia/Shanghai")

_locale: ContextVar[str] = ContextVar("locale", default=DEFAULT_LOCALE)


class Catalogs:
    """Every translation the process knows: locale → msgid → text. Later packages never override earlier ones."""

    _active: "Catalogs"

    def __init__(self, messages: Mapping[str, Mapping[str, str]]) -> None:
        self._messages = {locale: dict(texts) for locale, texts in messages.items()}

    @classmethod
    def load(cls, package_roots: Sequence[Path]) -> "Catalogs":
        """Read the catalogues of these packages and make them the ones `gettext` speaks from.

        What was loaded before stays known, so that two applications in one process do not silence each other.
        """
        for root in (*package_roots, Path(__file__).parent):
            for locale in LOCALES:
                known = cls._active._messages.setdefault(locale, {})
                for msgid, text in _read_package(root.resolve(), locale).items():
                    known.setdefault(msgid, text)
        return cls._active

    def translate(self, msgid: str, locale: str) -> str:
        """The text for this msgid, or the English msgid itself where nothing is translated."""
        return self._messages.get(locale, {}).get(msgid) or msgid


Catalogs._active = Catalogs({})


@cache
def _read_package(root: Path, locale: str) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for path in sorted((root / "locale" / locale / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=locale):
                if message.id and not message.fuzzy:
                    texts.update(_entries(message.id, message.string))
    return MappingProxyType(texts)


def _entries(msgid: object, text: object) -> Iterator[tuple[str, str]]:
    """One pair per plural form; Chinese has one form, so both English forms lead to it."""
    ids = msgid if isinstance(msgid, list | tuple) else (msgid,)
    forms = text if isinstance(text, list | tuple) else (text,)
    for position, each in enumerate(ids):
        translated = forms[min(position, len(forms) - 1)]
        if isinstance(translated, str) and translated:
            yield str(each), translated


def current_locale() -> str:
    """The locale of the work at hand, one of `LOCALES`."""
    return _locale.get()


@contextmanager
def use_locale(locale: str) -> Iterator[None]:
    """Speak this language inside the block. An unknown locale means the default one."""
    token = _locale.set(locale if locale in LOCALES else DEFAULT_LOCALE)
    try:
        yield
    finally:
        _locale.reset(token)


def gettext(msgid: str, /, **params: object) -> str:
    """The translated text with its `{places}` filled from `params`."""
    text = Catalogs._active.translate(msgid, _locale.get())
    return text.format(**params) if params else text


def ngettext(singular: str, plural: str, n: int, /, **params: object) -> str:
    """Like `gettext`, choosing by the count `n`, which is also there as `{n}`."""
    text = Catalogs._active.translate(singular if n == 1 else plural, _locale.get())
    return text.format(**{"n": n, **params})


def negotiate(query: str | None = None, cookie: str | None = None, accept_language: str | None = None) -> str:
    """The locale to speak: what the address asks for, then what was chosen before, then what the browser prefers."""
    for wish in (query, cookie, *_by_preference(accept_language or "")):
        found = _match(wish)
        if found:
            return found
    return DEFAULT_LOCALE


def _by_preference(header: str) -> list[str]:
    """Language ranges of an Accept-Language header (RFC 9110 §12.5.4), most wanted first."""
    ranked: list[tuple[float, str]] = []
    for item in header[:400].split(",")[:20]:
        tag, _sep, weight = item.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        if tag and quality > 0:
            ranked.append((-quality, tag))
    return [tag for _quality, tag in sorted(ranked, key=lambda pair: pair[0])]


def _match(wish: str | None) -> str | None:
    language = (wish or "").replace("_", "-").partition("-")[0].lower()
    return {"zh": "zh_CN", "en": "en"}.get(language)


def language_tag(locale: str) -> str:
    """The BCP 47 tag for `lang` attributes and Content-Language."""
    return {"zh_CN": "zh-CN"}.get(locale, locale)


def format_date(value: date | datetime) -> str:
    """A day as people write it: 2026年11月21日, or 21 November 2026. A moment is taken in China's time."""
    day = value.astimezone(DISPLAY_ZONE).date() if isinstance(value, datetime) else value
    if _locale.get() == "zh_CN":
        return f"{day.year}年{day.month}月{day.day}日"
    return babel_format_date(day, "d MMMM y", locale="en")


def format_datetime(value: datetime, *, seconds: bool = False) -> str:
    """A moment in China's time: 2026年11月21日 18:04."""
    local = value.astimezone(DISPLAY_ZONE)
    return f"{format_date(value)} {local:%H:%M:%S}" if seconds else f"{format_date(value)} {local:%H:%M}"


def days_left(until: date | datetime, now: datetime | None = None) -> str:
    """How long until the end of that day, in words: “2 years 3 months left”, “5 days left”, “ends today”, “ended”."""
    today = (now or datetime.now(UTC)).astimezone(DISPLAY_ZONE).date()
    end = until.astimezone(DISPLAY_ZONE).date() if isinstance(until, datetime) else until
    if end < today:
        return gettext("ended")
    if end == today:
        return gettext("ends today")
    months = (end.year - today.year) * 12 + end.month - today.month - (end.day < today.day)
    years, months = divmod(months, 12)
    if years and months:
        return gettext("{years} left", years=f"{_years(years)}{gettext(' and ')}{_months(months)}")
    if years:
        return gettext("{years} left", years=_years(years))
    if months:
        return gettext("{months} left", months=_months(months))
    return ngettext("{n} day left", "{n} days left", (end - today).days)


def _years(count: int) -> str:
    return ngettext("{n} year", "{n} years", count)


def _months(count: int) -> str:
    return ngettext("{n} month", "{n} months", count)
