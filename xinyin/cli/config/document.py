"""Reading and writing the file. Whatever is wrong is told with its line; nothing unknown is passed over."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from kernel.errors import InvalidInput
from xinyin.cli.config.kinds import FORM, KINDS, Entry, Kind

LARGEST = 8 * 1024 * 1024
_TEXT_TAGS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:float"}
_BOOLEANS = {"true": True, "false": False}


class _Dumper(yaml.SafeDumper):
    """Writes everything out, however often it occurs: aliases are not read again."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def read_document(text: str) -> list[Entry]:
    """The entries of a file, in its order. Raises `InvalidInput` that names the line."""
    if len(text) > LARGEST:
        raise InvalidInput("The file is too large.")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise InvalidInput("The file must not use anchors and aliases.")
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else 1
        raise _at(line, f"this is not YAML: {wrong.problem}") from wrong
    except (yaml.YAMLError, RecursionError) as wrong:
        raise InvalidInput("The file is not YAML.") from wrong
    if not isinstance(root, MappingNode):
        raise _at(1, "the file must hold lists by name")
    lists = _members(root)
    form = lists.pop("xinyin", None)
    if form is None or _value(form[1]) != FORM:
        raise _at(form[0] if form else 1, f"say which form the file has: xinyin: {FORM}")
    kinds = {each.name: each for each in KINDS}
    entries: list[Entry] = []
    for name, (line, node) in lists.items():
        if name not in kinds:
            raise _at(line, f"there is no list {name}; the lists are {', '.join(kinds)}")
        entries += _entries(kinds[name], line, node)
    return entries


def write_document(entries: Iterable[Entry]) -> str:
    """The file of these entries: the same entries give the same text."""
    found = list(entries)
    document: dict[str, Any] = {"xinyin": FORM}
    for kind in KINDS:
        own = sorted((each for each in found if each.kind is kind), key=lambda each: each.key)
        if own:
            document[kind.name] = [kind.brief(each.values) for each in own]
    return str(yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120))


def _entries(kind: Kind, line: int, node: Node) -> list[Entry]:
    if not isinstance(node, SequenceNode):
        raise _at(line, f"{kind.name} must be a list")
    entries: list[Entry] = []
    seen: dict[str, int] = {}
    for each in node.value:
        entry = _entry(kind, each)
        if entry.key in seen:
            raise _at(entry.line, f"{kind.name}: {entry.key} is there already, in line {seen[entry.key]}")
        seen[entry.key] = entry.line
        entries.append(entry)
    return entries


def _entry(kind: Kind, node: Node) -> Entry:
    line = node.start_mark.line + 1
    if not isinstance(node, MappingNode):
        raise _at(line, f"an entry of {kind.name} must have fields")
    values: dict[str, Any] = {}
    for name, (place, value) in _members(node).items():
        field = kind.fields.get(name)
        if field is None:
            raise _at(place, f"{kind.name} have no field {name}; the fields are {', '.join(kind.fields)}")
        values[name] = _checked(field.type, name, place, _value(value))
    for name, field in kind.fields.items():
        if field.required and values.get(name) in (None, "", []):
            raise _at(line, f"{name} is missing")
    return Entry(kind, {name: value for name, value in values.items() if value is not None}, line)


def _checked(kind: str, name: str, line: int, value: Any) -> Any:
    if value is None:
        return None
    if not _FITS[kind](value):
        raise _at(line, f"{name} must be {_SAID[kind]}")
    return _moment(value) if kind == "moment" else value


def _moment(text: str) -> str:
    """The one form of a moment; empty for none."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return ""
    return moment.astimezone(UTC).isoformat() if moment.tzinfo is not None else ""


def _is_reference(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) == 1
        and set(value) <= {"env", "file"}
        and all(isinstance(each, str) and each for each in value.values())
    )


def _is_group(value: Any) -> bool:
    if not isinstance(value, dict) or not {"name"} <= set(value) <= {"name", "unit"}:
        return False
    unit = value.get("unit")
    is_path = unit is None or (isinstance(unit, list) and all(isinstance(each, str) for each in unit))
    return isinstance(value["name"], str) and is_path


def _members(node: MappingNode) -> dict[str, tuple[int, Node]]:
    found: dict[str, tuple[int, Node]] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, ScalarNode):
            raise _at(line, "a name must be a text")
        if key.value in found:
            raise _at(line, f"{key.value} is there twice")
        found[key.value] = (line, value)
    return found


def _value(node: Node) -> Any:
    """The value of a node; times and fractions stay as they are written."""
    line = node.start_mark.line + 1
    if isinstance(node, MappingNode):
        return {name: _value(value) for name, (_, value) in _members(node).items()}
    if isinstance(node, SequenceNode):
        return [_value(each) for each in node.value]
    assert isinstance(node, ScalarNode)
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool" and node.value.lower() in _BOOLEANS:
        return _BOOLEANS[node.value.lower()]
    if kind == "int" and node.value.lstrip("+-").isdigit() and len(node.value) < 20:
        return int(node.value)
    if kind == "float" and isinstance(node.value, str):
        return _fraction(node.value, line)
    if node.tag in _TEXT_TAGS or kind in {"bool", "int"}:
        return str(node.value)
    raise _at(line, f"{node.tag} means nothing here")


def _fraction(text: str, line: int) -> float:
    try:
        return float(text)
    except ValueError as wrong:
        raise _at(line, f"{text} is no number") from wrong


def _at(line: int, complaint: str) -> InvalidInput:
    return InvalidInput("Line {line}: {complaint}.", line=line, complaint=complaint)


def wrong_at(entry: Entry, complaint: str) -> InvalidInput:
    """What is wrong with an entry, with its line."""
    return _at(entry.line, f"{entry.kind.name}: {entry.key}: {complaint}")


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "texts": lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    "flag": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "secret": _is_reference,
    "group": _is_group,
    "moment": lambda value: isinstance(value, str) and _moment(value) != "",
}
_SAID = {
    "text": "a text",
    "texts": "a list of texts",
    "flag": "true or false",
    "number": "a whole number",
    "object": "an object",
    "secret": "{env: NAME} or {file: PATH}; secrets do not stand in the file",
    "group": "{name: NAME, unit: [NAMES]}",
    "moment": "a moment with its offset, as in 2026-12-31T00:00:00+08:00",
}
