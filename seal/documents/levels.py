"""The levels of PAdES signatures (EN 319 142-1 §6), by name."""

from typing import Final, Literal

PadesLevel = Literal["B-B", "B-T", "B-LT", "B-LTA"]
LEVELS: Final[tuple[PadesLevel, ...]] = ("B-B", "B-T", "B-LT", "B-LTA")
STAMPED: Final[frozenset[PadesLevel]] = frozenset({"B-T", "B-LT", "B-LTA"})
"""Those with a time stamp on the signature."""
WITH_EVIDENCE: Final[frozenset[PadesLevel]] = frozenset({"B-LT", "B-LTA"})
"""Those that carry what checking them later needs."""
