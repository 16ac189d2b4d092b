"""How far a PDF was changed after a signature: pyHanko's analysis, stricter in what its rules let pass."""

from collections.abc import Iterable
from typing import Any, Final

from lxml import etree
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DocInfoRule,
    DSSCompareRule,
    FormUpdatingRule,
    GenericFieldModificationRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
    XrefStreamRule,
)
from pyhanko.sign.validation.status import SignatureCoverageLevel

_EVIDENCE: Final = ModificationLevel.LTA_UPDATES
_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LAST_SAVE: Final = ("}ModifyDate", "}MetadataDate", "}Producer", "}xmptk", "}xmpmeta")


class _FormRule(FormUpdatingRule):
    """Nobody may have viewers draw fields anew: what a field's value says need not be what was seen when signing."""

    def apply(self, old: Any, new: Any) -> Iterable[Any]:
        if _draws_anew(new) and not _draws_anew(old):
            raise SuspiciousModification("fields would be drawn anew")
        yield from super().apply(old, new)


def _draws_anew(revision: Any) -> bool:
    root = revision.root  # `[]` resolves references, `get` does not
    return (
        "/AcroForm" in root and "/NeedAppearances" in root["/AcroForm"] and bool(root["/AcroForm"]["/NeedAppearances"])
    )


def _policy(*rules: Any) -> StandardDiffPolicy:
    makers: tuple[Any, ...] = (SigFieldCreationRule, SigFieldModificationRule, GenericFieldModificationRule)
    fields = [make() for make in makers]
    common = (XrefStreamRule(), ObjectStreamRule(), DSSCompareRule())
    evidence = [rule.as_qualified(_EVIDENCE) for rule in common]
    return StandardDiffPolicy(global_rules=[*rules, *evidence], form_rule=_FormRule(field_rules=fields))


_CATALOG: Final[Any] = CatalogModificationRule
_METADATA: Final[Any] = MetadataUpdateRule
_POLICY: Final = _policy(_CATALOG(), DocInfoRule().as_qualified(_EVIDENCE), _METADATA().as_qualified(_EVIDENCE))


def changed_since(embedded: Any, *, is_own: bool) -> ModificationLevel:
    """What came after a signature at most; OTHER is more than it allows.

    Metadata say which licence a file is and where its status stands. After a signature made here (`is_own`) others
    than were signed are no mere evidence, so somebody must sign for them; other makers' programs rewrite theirs freely.
    """
    level = _level(embedded)
    if is_own and level == _EVIDENCE and not _says_the_same(embedded):
        return ModificationLevel.FORM_FILLING
    return level


def _says_the_same(embedded: Any) -> bool:
    """Whether the metadata say now what they said when it was signed, but for the date and program of the last save."""
    reader, signed = embedded.reader, embedded.signed_revision
    try:
        then = _metadata(reader, reader.get_historical_root(signed), signed)
        return then == _metadata(reader, reader.root, reader.total_revisions - 1)
    except (etree.XMLSyntaxError, ValueError):
        return False


def _metadata(reader: Any, root: Any, revision: int) -> frozenset[tuple[str, str]]:
    """Each property's name with each of its values (ISO 16684-1), however they are written."""
    if "/Metadata" not in root:
        return frozenset()
    reference = root.raw_get("/Metadata").reference
    packet = bytes(reader.get_object(reference, revision=revision).data)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    said: set[tuple[str, str]] = set()
    for node in etree.fromstring(packet.strip(), parser).iter(etree.Element):
        name = next((str(each.tag) for each in (node, *node.iterancestors()) if _RDF not in str(each.tag)), "")
        said.add((name, (node.text or "").strip()))
        for key, value in node.attrib.items():
            if _RDF not in str(key):
                said.add((str(key), str(value).strip()))
            elif str(key) == f"{_RDF}resource":
                said.add((name, str(value).strip()))
    return frozenset((name, value) for name, value in said if value and not name.endswith(_LAST_SAVE))


def _level(embedded: Any) -> ModificationLevel:
    embedded.compute_integrity_info(diff_policy=_POLICY)
    info = embedded.summarise_integrity_info()
    if info["coverage"] != SignatureCoverageLevel.ENTIRE_REVISION or not info["docmdp_ok"]:
        return ModificationLevel.OTHER
    level: ModificationLevel = getattr(info["diff_result"], "modification_level", ModificationLevel.OTHER)
    return level
