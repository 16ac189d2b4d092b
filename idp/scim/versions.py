"""Entity tags (RFC 7644 §3.14): weak ones, compared without regard to the weakness."""

from idp.scim.errors import ScimError
from idp.scim.resources.attributes import Document


def check_version(document: Document, if_match: str) -> None:
    """Raise `ScimError` (412) when the document is not the one that the caller knows; an empty tag asks nothing."""
    if if_match and not names_version(document, if_match):
        raise ScimError(412, "The resource has changed. Read it again.")


def names_version(document: Document, tags: str) -> bool:
    """Whether one of these tags, parted by commas, is the document's; `*` is any."""
    own = _opaque(document["meta"]["version"])
    return any(each.strip() == "*" or _opaque(each) == own for each in tags.split(","))


def _opaque(tag: str) -> str:
    return tag.strip().removeprefix("W/").strip('"')
