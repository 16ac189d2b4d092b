"""How a converted copy looks: the original's scans or the face of its type, and a page that says what it is. Pure.

Nobody may take it for the original: every page has a line that says so, and the seal stands on the statement, not where
it would stand on a licence of its own.
"""

from collections.abc import Iterator

from kernel.errors import InvalidInput
from kernel.i18n import DISPLAY_ZONE
from kernel.ids.holder_codes import HOLDER_CODE_TYPES
from licence_vault.catalogue.fields import chinese_date
from licence_vault.issuing.drafting import Draft
from licence_vault.layout.drawing import Box, Colour, Drawing, DrawnPage, Image, Item, Path, rectangle
from licence_vault.layout.face import Style
from licence_vault.layout.fonts import FontBook
from licence_vault.layout.parts.qr import draw_qr
from licence_vault.layout.typesetting import set_text
from licence_vault.licences.origin import Origin, ScanPage
from seal.documents.positions import StampPosition

STRIP = 8.0
"""Millimetres of the line on every page."""
PAPER = (210.0, 297.0)
_MARGIN, _LABEL, _QR = 20.0, 44.0, 32.0
_FIRST_TOP, _FIRST_BOTTOM = 78.0, 232.0
_NEXT_TOP, _BOTTOM = 24.0, 276.0
_HEIGHTS = (6.4, 11.0, 16.0, 25.5, 44.5, 87.0, 140.0)
_INK: Colour = (26, 26, 26)
_RED: Colour = (168, 32, 26)
_RULE: Colour = (200, 200, 200)
_WHITE: Colour = (255, 255, 255)
_TITLE = Style(font="bold", size=20, align="centre")
_WORDS = Style(size=11, smallest=8, wrap=True, leading=1.5)
_NAME = Style(size=9.5, smallest=6, wrap=True, colour=(90, 90, 90))
_VALUE = Style(size=9.5, smallest=9.5, wrap=True)
_SMALLEST_VALUE = Style(size=9.5, smallest=4, wrap=True)
_STRIP_STYLE = Style(size=8, smallest=4, middle=True, align="centre", colour=_RED)


def draw_converted(draft: Draft, face: Drawing, qr: str, fonts: FontBook) -> Drawing:
    """The whole copy: the original's pages, or else `face`, then the statement with every value."""
    origin = _origin(draft)
    line = f"本件由既有证照转换而成，不是原件（{origin.credibility} 类）。见末页《既有证照转换说明》"
    if origin.pages:
        pages = tuple(_scanned(page, index, line, fonts) for index, page in enumerate(origin.pages))
    else:
        pages = tuple(_marked(page, line, fonts) for page in face.pages)
    return Drawing((*pages, *_statement(draft, origin, qr, fonts)))


def converted_positions(draft: Draft) -> list[StampPosition]:
    """The seal, of the size that the type gives it, at the foot of the statement's first page."""
    before = len(_origin(draft).pages) or len(draft.licence_type.face.pages)
    place = draft.licence_type.seal_place
    left = PAPER[0] - _MARGIN - place.width_mm
    return [StampPosition(before + 1, left, _FIRST_BOTTOM + 4, place.width_mm, place.height_mm)]


def _origin(draft: Draft) -> Origin:
    assert draft.origin is not None, "only converted licences are drawn so"
    return draft.origin


def _scanned(page: ScanPage, index: int, line: str, fonts: FontBook) -> DrawnPage:
    """The picture at its true size, the line below it: nothing of the original is covered."""
    box = Box(0, 0, page.width, page.height)
    strip = set_text(line, Box(2, page.height, page.width - 4, STRIP), _STRIP_STYLE, fonts)
    picture = Image(box, page.picture, field=f"scan.{index + 1}")
    return DrawnPage(page.width, page.height + STRIP, (), (picture, *strip))


def _marked(page: DrawnPage, line: str, fonts: FontBook) -> DrawnPage:
    """A drawn face grows by the line at its foot."""
    box = Box(2, page.height, page.width - 4, STRIP)
    blank = Path(rectangle(Box(0, page.height, page.width, STRIP)), fill=_WHITE)
    strip = set_text(line, box, _STRIP_STYLE, fonts)
    return DrawnPage(page.width, page.height + STRIP, page.fixed, (*page.variable, blank, *strip))


def _statement(draft: Draft, origin: Origin, qr: str, fonts: FontBook) -> tuple[DrawnPage, ...]:
    words = (
        f"本文件由{draft.issuer.name}于{_converted_on(draft)}依据既有证照转换而成，是既有证照的转换件，不是原件。"
        "所加盖的电子印章证明转换过程，不改变原证照的内容和效力。\n"
        f"{origin.wording}"
    )
    width = PAPER[0] - 2 * _MARGIN
    items: list[Item] = [
        *set_text("既有证照转换说明", Box(_MARGIN, 24, width, 10), _TITLE, fonts),
        *set_text(words, Box(_MARGIN, 42, width - _QR - 6, 36), _WORDS, fonts),
        draw_qr(qr, Box(PAPER[0] - _MARGIN - _QR, 42, _QR, _QR), _INK),
    ]
    pages: list[DrawnPage] = []
    top, bottom = _FIRST_TOP, _FIRST_BOTTOM
    for name, value, field in _rows(draft, origin):
        height, drawn = _fitted(value, field, fonts)
        if top + height > bottom:
            pages.append(DrawnPage(*PAPER, (), tuple(items)))
            items, top, bottom = [], _NEXT_TOP, _BOTTOM
        items.append(Path((("M", _MARGIN, top), ("L", PAPER[0] - _MARGIN, top)), stroke=_RULE, stroke_width=0.15))
        items += set_text(name, Box(_MARGIN, top + 1.4, _LABEL - 3, height - 1.4), _NAME, fonts)
        items += set_text(value, Box(_MARGIN + _LABEL, top + 1.4, width - _LABEL, height - 1.4), drawn, fonts, field)
        top += height
    pages.append(DrawnPage(*PAPER, (), tuple(items)))
    return tuple(pages)


def _fitted(value: str, field: str | None, fonts: FontBook) -> tuple[float, Style]:
    """How high a row has to be. What does not fit into the highest is set smaller, and refused when it cannot be."""
    width = PAPER[0] - 2 * _MARGIN - _LABEL
    for height in _HEIGHTS:
        try:
            set_text(value, Box(0, 0, width, height - 1.4), _VALUE, fonts, field)
        except InvalidInput:
            continue
        return height, _VALUE
    return _HEIGHTS[-1], _SMALLEST_VALUE


def _rows(draft: Draft, origin: Origin) -> Iterator[tuple[str, str, str | None]]:
    """What the statement lists: its name, the value, and the field's place for the index."""
    holder, values = draft.content.holder, draft.values
    yield "证照名称", draft.licence_type.name, None
    yield "证照标识", values["licence.identifier"], "licence.identifier"
    yield "持证主体", holder.name, "holder.name"
    yield HOLDER_CODE_TYPES[holder.id_type].label_zh, holder.number, "holder.number"
    yield "有效期", values["licence.validity"], "licence.validity"
    for name, title in draft.field_names.items():
        if name.count(".") == 1 and values.get(name):
            yield title, values[name], name
    if origin.issued_on:
        yield "原证发证日期", chinese_date(origin.issued_on), None
    yield "可信等级", f"{origin.credibility} 类（国办函〔2016〕108号）", None
    yield "转换机构", draft.issuer.name, "issuer.name"
    yield "转换日期", _converted_on(draft), None
    yield "数据来源", origin.source, None
    if origin.digest:
        yield "原件扫描件摘要", f"SHA-256 {origin.digest}", None


def _converted_on(draft: Draft) -> str:
    return chinese_date(draft.issued_at.astimezone(DISPLAY_ZONE).date())
