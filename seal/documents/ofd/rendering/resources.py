"""What the objects of a page refer to by number: fonts, pictures, drawing parameters, colour spaces, composites."""

from collections.abc import Iterable, Iterator
from posixpath import join

from seal.documents.ofd import markup
from seal.documents.ofd.archive import UnreadablePackage
from seal.documents.ofd.markup import Node
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.rendering.fonts import Typeface, load_embedded, stand_ins

_KINDS = {
    "Fonts": "Font",
    "MultiMedias": "MultiMedia",
    "DrawParams": "DrawParam",
    "ColorSpaces": "ColorSpace",
    "CompositeGraphicUnits": "CompositeGraphicUnit",
}


class FontResource:
    """A font as text refers to it: the embedded typeface if there is one, and stand-ins for what it lacks."""

    def __init__(self, name: str, embedded: Typeface | None, *, bold: bool, italic: bool) -> None:
        """`bold` and `italic` only matter for stand-ins: an embedded font is what it is."""
        self.embedded = embedded
        self.bold = bold or "bold" in name.lower()
        self.italic = italic
        self._stand_ins = stand_ins(name)
        self._opened: list[Typeface] = []
        self._known: dict[str, tuple[Typeface, int] | None] = {}

    def find(self, character: str) -> tuple[Typeface, int] | None:
        """The typeface and glyph that show `character`; `None` when no font here has it."""
        if character not in self._known:
            self._known[character] = self._search(character)
        return self._known[character]

    def _search(self, character: str) -> tuple[Typeface, int] | None:
        for typeface in self._candidates():
            glyph = typeface.glyph(character)
            if glyph is not None:
                return typeface, glyph
        return None

    def _candidates(self) -> Iterator[Typeface]:
        if self.embedded:
            yield self.embedded
        yield from self._opened
        for typeface in self._stand_ins:
            self._opened.append(typeface)
            yield typeface


class Resources:
    """The resources in sight of one page or template: those of the document and its own."""

    def __init__(self, package: OfdPackage) -> None:
        """Nothing yet."""
        self._package = package
        self._nodes: dict[tuple[str, str], tuple[Node, str, str]] = {}
        self._fonts: dict[str, FontResource] = {}
        self._files: dict[str, str | None] = {}

    def load(self, locations: Iterable[str], seen_from: str) -> None:
        """Add what the resource files at `locations` list; what cannot be read is left out."""
        for location in locations:
            file = self._package.find(location, seen_from=seen_from)
            if file is None:
                continue
            try:
                root = self._package.parse(file)
            except UnreadablePackage:
                continue
            for group, kind in _KINDS.items():
                for listed in markup.children(root, group):
                    for node in markup.children(listed, kind):
                        self._nodes[kind, node.get("ID", "")] = (node, file, root.get("BaseLoc", ""))

    def copy(self) -> "Resources":
        """The same, to be added to for one page."""
        other = Resources(self._package)
        other._nodes = dict(self._nodes)
        other._fonts = self._fonts
        return other

    def node(self, kind: str, number: str | None) -> Node | None:
        """The element of a resource."""
        found = self._nodes.get((kind, number or ""))
        return found[0] if found else None

    def font(self, number: str | None) -> FontResource:
        """The font with this number; a stand-in when there is none."""
        number = number or ""
        if number not in self._fonts:
            self._fonts[number] = self._open_font(number)
        return self._fonts[number]

    def _open_font(self, number: str) -> FontResource:
        node = self.node("Font", number)
        if node is None:
            return FontResource("", None, bold=False, italic=False)
        data = self._content("Font", number, "FontFile")
        name = " ".join((node.get("FontName", ""), node.get("FamilyName", "")))
        flags = {flag: node.get(flag, "").lower() in ("true", "1") for flag in ("Bold", "Italic")}
        embedded = load_embedded(data) if data else None
        return FontResource(name, embedded, bold=flags["Bold"], italic=flags["Italic"])

    def media(self, number: str | None) -> bytes | None:
        """The bytes of a picture."""
        return self._content("MultiMedia", number or "", "MediaFile")

    def _content(self, kind: str, number: str, name: str) -> bytes | None:
        found = self._nodes.get((kind, number))
        if found is None:
            return None
        node, file, base = found
        location = markup.text(node, name)
        if not location:
            return None
        folder = base.replace("\\", "/")
        path = location if location.startswith(("/", "\\")) else join(folder, location)
        held = self._package.find(path, seen_from=file) or self._package.find(location, seen_from=file)
        return self._package.files[held] if held else None
