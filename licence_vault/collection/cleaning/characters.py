"""Characters that keyboards, scanners and old systems put in place of others. Pure.

Punctuation of Chinese text is left alone: a company's name has full-width brackets by right.
"""

import re
import unicodedata

_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad\u0000-\u0008\u000b\u000c\u000e-\u001f]")
_SPACES = re.compile(r"[^\S\n]+")
_AROUND_LINES = re.compile(r" *\n+ *")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\u2500", "-"))
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_GAP = re.compile(f"(?<=[{_HAN}]) +(?=[{_HAN}])")
_HAN_ONLY = re.compile(f"[{_HAN}]+")


def without_invisible(text: str) -> str:
    """Without marks that nobody sees: zero-width spaces, directions, byte order marks, control characters."""
    return _INVISIBLE.sub("", text)


def single_spaces(text: str) -> str:
    """One ordinary space for any run of them, none at the ends."""
    return _AROUND_LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def narrow_letters(text: str) -> str:
    """Full-width letters and digits in their ordinary width; every other character as it was."""
    return "".join(
        chr(ord(each) - 0xFEE0) if "\uff10" <= each <= "\uff5a" and chr(ord(each) - 0xFEE0).isalnum() else each
        for each in text
    )


def narrow_all(text: str) -> str:
    """The same for punctuation too, for values that are no Chinese text: numbers, codes, days."""
    return "".join(chr(ord(each) - 0xFEE0) if "\uff01" <= each <= "\uff5e" else each for each in text)


def plain_dashes(text: str) -> str:
    """The hyphen of the keyboard for every dash."""
    return text.translate(_DASHES)


def compact(text: str) -> str:
    """Without any space and in capitals, as numbers are kept."""
    return "".join(text.split()).upper()


def closed_name(text: str) -> str:
    """Without the spaces that pad Chinese names to one length; those of foreign names stay."""
    return _HAN_GAP.sub("", text)


def dotted_name(text: str) -> str:
    """The middle dot (U+00B7) between the parts of a name in Chinese characters, whatever dot was typed."""
    parts = re.split("[\u00b7\u2022\u2027\u30fb\uff65\u2219\u22c5.\uff0e]", text)
    if len(parts) > 1 and all(_HAN_ONLY.fullmatch(each.strip()) for each in parts):
        return "\u00b7".join(each.strip() for each in parts)
    return text


def composed(text: str) -> str:
    """Characters in one piece where they were in two (NFC would also replace compatibility ideographs in names)."""
    return "".join(
        unicodedata.normalize("NFC", each) if not re.fullmatch(f"[{_HAN}]+", each) else each
        for each in re.split(f"([{_HAN}]+)", text)
    )
