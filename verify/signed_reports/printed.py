"""A report to print: A4 pages in the reader's language, the signed JSON inside the PDF. CPU-bound: use a thread."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from kernel.i18n import format_datetime, gettext, language_tag, use_locale
from licence_vault.layout.document import LicenceDocument
from licence_vault.layout.drawing import Box, Colour, Drawing, DrawnPage, Item, Path, rectangle
from licence_vault.layout.face import POINT, Style
from licence_vault.layout.fonts import FontBook
from licence_vault.layout.parts.qr import draw_qr
from licence_vault.layout.pdf.writing import write_pdf
from licence_vault.layout.typesetting import set_text
from seal.validation.report import Indication
from verify.report.wording import INDICATION_TITLES, SEAL_STATES, TIME_SOURCES
from verify.standing import STATE_TITLES, LicenceState

ATTACHMENT: Final = "report.jws"
_WIDTH, _HEIGHT, _MARGIN = 210.0, 297.0, 18.0
_BOTTOM: Final = _HEIGHT - 22.0
_INK: Final[Colour] = (26, 26, 26)
_GREY: Final[Colour] = (90, 90, 90)
_TONES: Final[Mapping[str, Colour]] = {"PASSED": (22, 101, 52), "FAILED": _INK, "INDETERMINATE": _GREY}
_MARKS: Final = {"PASSED": "✓", "WARNING": "!", "INDETERMINATE": "?", "FAILED": "✗"}
_TITLE = Style(size=20, font="bold", wrap=True)
_VERDICT = Style(size=26, font="bold", wrap=True)
_HEADING = Style(size=13, font="bold", wrap=True)
_TEXT = Style(size=10, wrap=True)
_LABEL = Style(size=10, wrap=True, colour=_GREY)
_CODE = Style(size=8, font="mono", wrap=True)
_LABEL_WIDTH: Final = 42.0
_MOST_PAGES: Final = 40


@dataclass
class _Pages:
    """Sets one thing under the other and begins a page when one is full."""

    fonts: FontBook
    pages: list[list[Item]] = field(default_factory=lambda: [[]])
    y: float = _MARGIN

    def put(self, text: str, style: Style, *, x: float = _MARGIN, width: float = _WIDTH - 2 * _MARGIN) -> None:
        """A paragraph, line by line, so that a long one may go over to the next page."""
        self.y += self._put(text, style, x, width)

    def row(self, label: str, text: str, style: Style = _TEXT) -> None:
        """A label and what it says."""
        width = _WIDTH - 2 * _MARGIN - _LABEL_WIDTH
        self.make_room(max(self._height(label, _LABEL, _LABEL_WIDTH - 3), self._height(text, style, width)))
        left = self._put(label, _LABEL, _MARGIN, _LABEL_WIDTH - 3)
        right = self._put(text, style, _MARGIN + _LABEL_WIDTH, width)
        self.y += max(left, right) + 1

    def gap(self, millimetres: float) -> None:
        """Some white."""
        self.y += millimetres

    def rule(self) -> None:
        """A thin line."""
        box = Box(_MARGIN, self.y, _WIDTH - 2 * _MARGIN, 0.2)
        self.pages[-1].append(Path(rectangle(box), fill=(200, 200, 200)))
        self.y += 3

    def _put(self, text: str, style: Style, x: float, width: float) -> float:
        text = self._drawable(text, style)
        height = self._height(text, style, width)
        self.make_room(height)
        self.pages[-1] += set_text(text, Box(x, self.y, width, _HEIGHT), style, self.fonts)
        return height

    def _height(self, text: str, style: Style, width: float) -> float:
        placed = set_text(self._drawable(text, style), Box(0, 0, width, 4000), style, self.fonts)
        lines = {line.baseline for each in placed for line in each.lines}
        return max(1, len(lines)) * style.size * POINT * style.leading

    def make_room(self, height: float) -> None:
        if self.y + height > _BOTTOM and self.y > _MARGIN:
            self.pages.append([])
            self.y = _MARGIN

    def _drawable(self, text: str, style: Style) -> str:
        """What no font can draw, and what cannot be seen, is shown as a box: texts come from strangers' files."""
        text = "\n".join(line for line in text.split("\n") if line.strip())
        shown = (each if each == "\n" or self._can_draw(each, style) else "□" for each in text[:2000])
        return "".join(shown) or "—"

    def _can_draw(self, character: str, style: Style) -> bool:
        return character.isprintable() and self.fonts.find(style.font, character) is not None


def print_report(report: Mapping[str, Any], jws: str, fonts: FontBook, *, locale: str, link: str | None) -> bytes:
    """The PDF, not signed yet. `report`: as sent, in this language; `link`: where it can be had again for a while."""
    with use_locale(locale):
        moment = datetime.fromisoformat(report["checked_at"])
        pages = _Pages(fonts)
        _verdict(pages, report, moment)
        _licence(pages, report)
        _checks(pages, gettext("What was checked"), report["checks"])
        for number, signature in enumerate(report["signatures"], start=1):
            _signature(pages, number, signature)
            if len(pages.pages) >= _MOST_PAGES:
                pages.put(gettext("The file has more signatures; all of them stand in the attached report."), _TEXT)
                break
        _basis(pages, report, link)
        title = gettext("Verification report")
        drawn = tuple(_page(pages, number, moment) for number in range(len(pages.pages)))
    document = LicenceDocument(
        drawing=Drawing(drawn),
        document_id=hashlib.sha256(jws.encode()).hexdigest()[:32],
        title=title,
        author=report["basis"]["policy"]["uri"].partition("/verify/")[0],
        created_at=moment,
        data_xml=jws.encode(),
        data_name=ATTACHMENT,
        data_kind="application/jose",
        language=language_tag(locale),
    )
    return write_pdf(document, fonts)


def _verdict(pages: _Pages, report: Mapping[str, Any], moment: datetime) -> None:
    indication = Indication(report["indication"])
    pages.put(gettext("Verification report"), _TITLE)
    pages.gap(4)
    pages.put(f"{_MARKS[indication.name]} {gettext(INDICATION_TITLES[indication])}", _toned(_VERDICT, indication.name))
    pages.put(report["reason"], Style(size=12, wrap=True))
    pages.gap(3)
    outcome = " · ".join(filter(None, (report["indication"], report.get("sub_indication"))))
    pages.row(gettext("Verdict"), f"{outcome} · GB/T 36906: {report['code']}")
    pages.row(gettext("Checked at"), format_datetime(moment, seconds=True))
    pages.row(gettext("Format"), report["document"]["format"].upper())
    pages.row(gettext("Digest of what you sent"), report["document"]["digest"], _CODE)
    pages.gap(2)
    pages.rule()


def _licence(pages: _Pages, report: Mapping[str, Any]) -> None:
    licence = report.get("licence")
    if not licence:
        return
    pages.put(gettext("The licence"), _HEADING)
    pages.gap(1)
    for label, text in (
        (gettext("Licence"), licence["type_name"]),
        (gettext("Issued by"), licence["issuing_authority"]["name"]),
        (gettext("Holder"), licence["holder_masked"]),
        (gettext("Licence identifier"), licence["identifier"]),
        (gettext("Status now"), gettext(STATE_TITLES[LicenceState(licence["status"])])),
        (gettext("Reason"), licence.get("status_cause") or ""),
    ):
        if text:
            pages.row(label, text)
    pages.gap(2)
    pages.rule()


def _signature(pages: _Pages, number: int, signature: Mapping[str, Any]) -> None:
    mark = _MARKS[Indication(signature["indication"]).name]
    pages.put(f"{mark} {gettext('Signature {number}', number=number)}", _HEADING)
    pages.gap(1)
    pages.row(gettext("Signed by"), signature["signer"] or "—")
    if seal := signature.get("seal"):
        pages.row(gettext("Seal"), f"{seal['name']} {seal['id']} ({gettext(SEAL_STATES[seal['status']])})")
    if signature["time"]["value"]:
        when = format_datetime(datetime.fromisoformat(signature["time"]["value"]), seconds=True)
        pages.row(gettext("Time"), f"{when}, {gettext(TIME_SOURCES[signature['time']['source']])}")
    covers = gettext("Yes") if signature["covers_whole_document"] else gettext("No")
    pages.row(gettext("Covers the whole document"), covers)
    pages.row(gettext("Kind of signature"), signature["kind"])
    _checks(pages, "", signature["checks"])


def _checks(pages: _Pages, title: str, checks: Any) -> None:
    if title and checks:
        pages.put(title, _HEADING)
        pages.gap(1)
    for check in checks:
        pages.row(f"{_MARKS[check['result']]} {check['name']}", check["detail"])
    pages.gap(2)
    pages.rule()


def _basis(pages: _Pages, report: Mapping[str, Any], link: str | None) -> None:
    basis = report["basis"]
    pages.put(gettext("What this report rests on"), _HEADING)
    pages.gap(1)
    for label, text in _basis_rows(basis):
        pages.row(label, text, _CODE)
    if link is None:
        return
    pages.make_room(34)
    pages.pages[-1].append(draw_qr(link, Box(_MARGIN, pages.y, 30, 30), _INK))
    text = gettext("For a while the same report can be had here. Check it later with: xinyin verify --report FILE")
    start = pages.y
    pages.put(text, _TEXT, x=_MARGIN + _LABEL_WIDTH, width=_WIDTH - 2 * _MARGIN - _LABEL_WIDTH)
    pages.put(link, _CODE, x=_MARGIN + _LABEL_WIDTH, width=_WIDTH - 2 * _MARGIN - _LABEL_WIDTH)
    pages.y = max(pages.y, start + 32)


def _basis_rows(basis: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    policy, software = basis["policy"], basis["software"]
    yield gettext("Rules"), f"{policy['id']}\n{policy['uri']}\nsha256:{policy['sha256']}"
    yield gettext("Clock"), f"{basis['time']['source']} {basis['time']['value']}"
    for name, label in (
        ("seal_status_list", gettext("List of seals")),
        ("licence_status_list", gettext("List of licences")),
    ):
        if used := basis.get(name):
            yield label, f"{used['uri']}\nsha256:{used['sha256']}"
    if lists := basis.get("revocation_lists"):
        yield gettext("Revocation lists"), "\n".join(f"sha256:{used['sha256']}" for used in lists)
    if checkpoint := basis.get("log_checkpoint"):
        yield gettext("Public log"), checkpoint.strip()
    yield gettext("Software"), f"{software['name']} {software['version']}"


def _page(pages: _Pages, number: int, moment: datetime) -> DrawnPage:
    when, count = format_datetime(moment, seconds=True), len(pages.pages)
    text = gettext("Verification report, {time}. Page {number} of {count}.", time=when, number=number + 1, count=count)
    box = Box(_MARGIN, _HEIGHT - 14, _WIDTH - 2 * _MARGIN, 8)
    foot = set_text(text, box, Style(size=8, colour=_GREY), pages.fonts)
    return DrawnPage(_WIDTH, _HEIGHT, (), (*pages.pages[number], *foot))


def _toned(style: Style, name: str) -> Style:
    return Style(size=style.size, font=style.font, wrap=style.wrap, colour=_TONES[name])
