"""How a typed number becomes the text that is checked: full-width to plain, upper case, no spaces."""

import unicodedata

from kernel.errors import InvalidInput

_LONGEST = 256


def canonical_text(text: str) -> str:
    """NFKC, upper case, without white space; raises InvalidInput for absurd lengths before doing any work."""
    if len(text) > _LONGEST:
        raise InvalidInput("This number is too long.")
    upper = unicodedata.normalize("NFKC", text).upper()  # upper case may come out in another normal form
    return "".join(unicodedata.normalize("NFKC", upper).split())
