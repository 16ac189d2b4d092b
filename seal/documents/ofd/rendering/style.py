"""Attributes that an object may leave to its drawing parameters, these to others, and the last to its layer's."""

from dataclasses import dataclass

from seal.documents.ofd import markup
from seal.documents.ofd.markup import Node
from seal.documents.ofd.rendering.colours import Colour, read_colour
from seal.documents.ofd.rendering.geometry import read_number, read_numbers
from seal.documents.ofd.rendering.resources import Resources

DEFAULT_LINE_WIDTH = 0.353
_DEEPEST = 16
_CAPS = {"Butt": 0, "Round": 1, "Square": 2}
_JOINS = {"Miter": 0, "Round": 1, "Bevel": 2}
_BLENDS = frozenset(
    {"Normal", "Multiply", "Screen", "Overlay", "Darken", "Lighten", "ColorDodge", "ColorBurn", "HardLight",
     "SoftLight", "Difference", "Exclusion", "Hue", "Saturation", "Color", "Luminosity"}
)  # fmt: skip


@dataclass(frozen=True)
class Style:
    """The elements that are asked in turn: the object itself first."""

    chain: tuple[Node, ...]
    resources: Resources

    @classmethod
    def of(cls, node: Node, layer_parameter: str | None, resources: Resources) -> "Style":
        """The style of an object on a layer with the drawing parameter given."""
        chain = [node]
        for number in (node.get("DrawParam"), layer_parameter):
            for _ in range(_DEEPEST):
                parameter = resources.node("DrawParam", number) if number else None
                if parameter is None or parameter in chain:
                    break
                chain.append(parameter)
                number = parameter.get("Relative")
        return cls(tuple(chain), resources)

    def get(self, name: str) -> str | None:
        """An attribute."""
        return next((node.get(name) for node in self.chain if node.get(name) is not None), None)

    def flag(self, name: str, default: bool) -> bool:
        """An attribute that is true or false."""
        value = (self.get(name) or "").strip().lower()
        return value in ("true", "1") if value else default

    def colour(self, name: str) -> Colour:
        """FillColor or StrokeColor; black when it is left out, as text and outlines are."""
        for node in self.chain:
            found = markup.child(node, name)
            if found is not None:
                return read_colour(found, self.resources)
        return Colour((0.0, 0.0, 0.0))

    def has_colour(self, name: str) -> bool:
        """Whether the colour is stated anywhere."""
        return any(markup.child(node, name) is not None for node in self.chain)

    @property
    def alpha(self) -> float:
        """How much the object covers, 0 to 1."""
        return min(max(read_number(self.chain[0].get("Alpha"), 255.0), 0.0), 255.0) / 255

    @property
    def blend(self) -> str:
        """How it mixes with what is below (an extension that makers use)."""
        mode = self.chain[0].get("BlendMode", "Normal")
        return mode if mode in _BLENDS else "Normal"

    @property
    def line_width(self) -> float:
        """Millimetres."""
        return max(read_number(self.get("LineWidth"), DEFAULT_LINE_WIDTH), 0.0)

    def line_operators(self) -> str:
        """Cap, join, mitre and dashes for PDF."""
        cap, join = _CAPS.get(self.get("Cap") or "", 0), _JOINS.get(self.get("Join") or "", 0)
        parts = [f"{cap} J {join} j {max(read_number(self.get('MiterLimit'), 4.234), 1.0):.3f} M\n"]
        dashes = [max(length, 0.0) for length in read_numbers(self.get("DashPattern"))][:32]
        if sum(dashes) > 0.01:
            listed = " ".join(f"{length:.3f}" for length in dashes)
            parts.append(f"[{listed}] {max(read_number(self.get('DashOffset'), 0.0), 0.0):.3f} d\n")
        return "".join(parts)
