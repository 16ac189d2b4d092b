"""Reading filters and paths: one pass, bounded in length and depth."""

import re
from dataclasses import dataclass

import orjson

from idp.scim.errors import ScimError, invalid_filter, invalid_path
from idp.scim.filters.expressions import (
    OPERATORS,
    AttributePath,
    Both,
    Comparison,
    Either,
    Elements,
    Filter,
    Not,
    Present,
    Scalar,
    TargetPath,
)

LONGEST, DEEPEST = 4000, 40
_TOKEN = re.compile(r'\s*(?:(?P<sign>[()\[\]])|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[^\s()\[\]"]+))')
_NAME = r"\$?[A-Za-z][A-Za-z0-9_$-]*"
_PATH = re.compile(rf"(?:(?P<schema>[Uu][Rr][Nn]:[^\s\[\]()\"]+):)?(?P<name>{_NAME})(?:\.(?P<part>{_NAME}))?")
_PART = re.compile(_NAME)
_END = ("", "")


def parse_filter(text: str) -> Filter:
    """The tree of a filter. Raises `ScimError` (invalidFilter)."""
    reader = _Reader(_tokens(text))
    found = reader.either(0)
    if reader.next != _END:
        raise invalid_filter(f"The filter goes on where it should end, at {reader.next[1][:40]!r}.")
    return found


def parse_attribute(text: str) -> AttributePath:
    """The path of an attribute without a filter. Raises `ScimError` (invalidPath)."""
    matched = _PATH.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if matched is None:
        raise invalid_path(f"{text[:80]!r} is not the path of an attribute.")
    return AttributePath(matched["name"], matched["part"] or "", matched["schema"] or "")


def parse_path(text: str) -> TargetPath:
    """The path of a PATCH operation (RFC 7644 figure 7). Raises `ScimError` (invalidPath, invalidFilter)."""
    text = text.strip()
    opening, closing = text.find("["), text.rfind("]")
    if opening < 0:
        return TargetPath(parse_attribute(text))
    path, rest = parse_attribute(text[:opening]), text[closing + 1 :]
    if closing < opening or path.part or (rest and not (rest[0] == "." and _PART.fullmatch(rest[1:]))):
        raise invalid_path(f"{text[:80]!r} is not the path of an attribute.")
    return TargetPath(path, parse_filter(text[opening + 1 : closing]), rest[1:])


def _tokens(text: str) -> list[tuple[str, str]]:
    if len(text) > LONGEST:
        raise invalid_filter(f"A filter has at most {LONGEST} characters.")
    found, position, end = [], 0, len(text.rstrip())
    while position < end:
        matched = _TOKEN.match(text, position)
        if matched is None:
            raise invalid_filter(f"The filter cannot be read at {text[position : position + 40]!r}.")
        kind = str(matched.lastgroup)
        found.append((kind, matched[kind]))
        position = matched.end()
    return found


@dataclass
class _Reader:
    """Recursive descent; `not` binds closer than `and`, `and` closer than `or`."""

    tokens: list[tuple[str, str]]
    position: int = 0

    @property
    def next(self) -> tuple[str, str]:
        return self.tokens[self.position] if self.position < len(self.tokens) else _END

    def either(self, depth: int) -> Filter:
        if depth > DEEPEST:
            raise invalid_filter("The filter is nested too deeply.")
        left = self._both(depth)
        while self._takes("or"):
            left = Either(left, self._both(depth))
        return left

    def _both(self, depth: int) -> Filter:
        left = self._one(depth)
        while self._takes("and"):
            left = Both(left, self._one(depth))
        return left

    def _one(self, depth: int) -> Filter:
        if self.next == ("sign", "("):
            return self._within("(", ")", depth)
        kind, word = self._advance()
        if kind == "word" and word.lower() == "not" and self.next == ("sign", "("):
            return Not(self._within("(", ")", depth))
        if kind != "word":
            raise invalid_filter("An attribute is missing in the filter.")
        path = _attribute(word)
        if self.next == ("sign", "["):
            return Elements(path, self._within("[", "]", depth))
        return self._compared(path)

    def _within(self, opening: str, closing: str, depth: int) -> Filter:
        assert self._advance() == ("sign", opening)
        inner = self.either(depth + 1)
        if self._advance() != ("sign", closing):
            raise invalid_filter(f"A {closing!r} is missing in the filter.")
        return inner

    def _compared(self, path: AttributePath) -> Filter:
        kind, operator = self._advance()
        operator = operator.lower()
        if kind == "word" and operator == "pr":
            return Present(path)
        if kind != "word" or operator not in OPERATORS:
            raise invalid_filter(f"After {path} stands one of {', '.join(OPERATORS)}, pr.")
        return Comparison(path, operator, self._value())

    def _value(self) -> Scalar:
        kind, raw = self._advance()
        try:
            value = orjson.loads(raw if kind == "text" else raw.lower()) if kind in {"text", "word"} else _END
        except orjson.JSONDecodeError:
            value = _END
        if isinstance(value, (str, int, float, bool)) or value is None:
            return value
        raise invalid_filter(f"{raw[:40]!r} is no value; texts stand in double quotes.")

    def _takes(self, word: str) -> bool:
        if self.next[0] == "word" and self.next[1].lower() == word:
            self.position += 1
            return True
        return False

    def _advance(self) -> tuple[str, str]:
        token = self.next
        self.position += 1
        return token


def _attribute(word: str) -> AttributePath:
    try:
        return parse_attribute(word)
    except ScimError as wrong:
        raise invalid_filter(wrong.detail) from wrong
