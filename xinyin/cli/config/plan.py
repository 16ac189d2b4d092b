"""What has to change so that the house is as the file says. Pure; nothing that the file does not name is touched."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from xinyin.cli.config.document import wrong_at
from xinyin.cli.config.kinds import KINDS, Entry


@dataclass(frozen=True)
class Difference:
    """A field that changes."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """One entry to be entered or changed. `differences` is empty for a new one."""

    entry: Entry
    is_new: bool
    differences: tuple[Difference, ...] = ()

    def told(self) -> list[str]:
        """As lines: `+` for what comes, `~` for what changes."""
        head = f"{'+' if self.is_new else '~'} {self.entry.kind.name}: {self.entry.key}"
        return [head, *(f"    {each.field}: {_shown(each.before)} → {_shown(each.after)}" for each in self.differences)]


def compare(wanted: Iterable[Entry], present: Iterable[Entry]) -> list[Change]:
    """The changes, in the order in which they can be made. Raises `InvalidInput` for one that cannot."""
    known = {(each.kind.name, each.key): each for each in present}
    order = {kind.name: number for number, kind in enumerate(KINDS)}
    changes: list[Change] = []
    for entry in sorted(wanted, key=lambda each: (order[each.kind.name], _depth(each))):
        before = known.get((entry.kind.name, entry.key))
        if before is None:
            changes.append(Change(entry, is_new=True))
            continue
        differences = _differences(entry, before.values)
        if differences:
            changes.append(Change(entry, is_new=False, differences=differences))
    return changes


def not_named(wanted: Iterable[Entry], present: Iterable[Entry]) -> list[Entry]:
    """What the house has and the file does not name; it stays."""
    named = {(each.kind.name, each.key) for each in wanted}
    return [each for each in present if (each.kind.name, each.key) not in named]


def _differences(entry: Entry, before: Mapping[str, Any]) -> tuple[Difference, ...]:
    found = []
    was = entry.kind.whole(before)
    for name, value in entry.kind.whole(entry.values).items():
        if _same(value, was.get(name)):
            continue
        if entry.kind.fields[name].fixed:
            raise wrong_at(entry, f"{name} is {_shown(was.get(name))} and cannot change")
        found.append(Difference(name, was.get(name), value))
    return tuple(found)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, one)) == sorted(map(str, other)) or one == other
    return bool(one == other)


def _depth(entry: Entry) -> tuple[int, int]:
    """Units above come first, older versions of a licence type too."""
    path = entry.values.get("path")
    version = entry.values.get("version")
    return (len(path) if isinstance(path, list) else 0, version if isinstance(version, int) else 0)


def _shown(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return "—"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
