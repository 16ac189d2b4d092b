"""From millimetres on a page as seen to points in a PDF's own coordinates (ISO 32000-1 §8.3.2, §14.11.2)."""

from collections.abc import Callable
from dataclasses import dataclass

from seal.documents.positions import PageSize, StampPosition

POINTS_PER_MM = 72 / 25.4
_ACROSS = (90, 270)


@dataclass(frozen=True)
class PageFrame:
    """The visible box of a page in its own coordinates, and how far it is turned clockwise for showing."""

    left: float
    bottom: float
    right: float
    top: float
    rotation: int = 0
    user_unit: float = 1.0

    @property
    def size(self) -> PageSize:
        """As seen."""
        width, height = (self.right - self.left) / self._scale, (self.top - self.bottom) / self._scale
        return PageSize(height, width) if self.rotation in _ACROSS else PageSize(width, height)

    @property
    def _scale(self) -> float:
        return POINTS_PER_MM / self.user_unit

    def matrix(self, position: StampPosition) -> tuple[float, float, float, float, float, float]:
        """Six numbers for `cm` that put the unit square onto `position`, upright as seen."""
        left, top = position.x_mm, position.y_mm
        bottom, right = top + position.height_mm, left + position.width_mm
        origin_x, origin_y = self._point(left, bottom)
        right_x, right_y = self._point(right, bottom)
        top_x, top_y = self._point(left, top)
        return right_x - origin_x, right_y - origin_y, top_x - origin_x, top_y - origin_y, origin_x, origin_y

    def rectangle(self, position: StampPosition) -> tuple[float, float, float, float]:
        """The rectangle of an annotation: lower left and upper right corner."""
        x1, y1 = self._point(position.x_mm, position.y_mm)
        x2, y2 = self._point(position.x_mm + position.width_mm, position.y_mm + position.height_mm)
        return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)

    def _point(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """A point given from the top left as seen."""
        across, down = x_mm * self._scale, y_mm * self._scale
        turn: dict[int, Callable[[], tuple[float, float]]] = {
            0: lambda: (self.left + across, self.top - down),
            90: lambda: (self.left + down, self.bottom + across),
            180: lambda: (self.right - across, self.bottom + down),
            270: lambda: (self.right - down, self.top - across),
        }
        return turn[self.rotation]()
