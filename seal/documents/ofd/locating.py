"""From a location written in a file (ST_Loc) to the file that is meant.

Absolute locations start at the package's root, others at the folder of the file they stand in. In real files either may
stand for the other, backslashes occur, and case may differ from the archive's.
"""

from collections.abc import Iterable
from posixpath import dirname, normpath


class Locator:
    """Finds files among the names of one package, which must be unique even when case is ignored."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {name: name for name in names}
        self._folded = {name.casefold(): name for name in self._names}

    def find(self, location: str, *, seen_from: str = "") -> str | None:
        """The name of the file at `location` as written in the file `seen_from`; `None` when there is none."""
        for candidate in _candidates(location, dirname(seen_from)):
            found = self._names.get(candidate) or self._folded.get(candidate.casefold())
            if found is not None:
                return found
        return None


def _candidates(location: str, folder: str) -> list[str]:
    path = location.strip().replace("\\", "/")
    from_root = normpath(path.lstrip("/") or ".")
    from_folder = normpath(f"{folder}/{path.lstrip('/')}".lstrip("/"))
    ordered = [from_root, from_folder] if path.startswith("/") else [from_folder, from_root]
    return [candidate for candidate in ordered if candidate != "." and not candidate.startswith("..")]


def absolute(name: str) -> str:
    """How we write the location of a file."""
    return "/" + name
