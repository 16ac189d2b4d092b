"""Attacks on what a sealed OFD says: its files, its list of signatures, its description, its seal."""

from base64 import b64encode
from datetime import timedelta

from kernel.crypto.sm3 import sm3
from seal.documents.ofd.archive import read_archive, write_archive
from seal.documents.ofd.signature_list import signatures_list
from tests.seal.pki import NOW
from tests.verify.corpus.case import case, family, flip, swap
from tests.verify.corpus.material import DESCRIPTION, ESL, LIST, VALUE, Material

PAGE, ROOT, DOCUMENT, TEMPLATE = (
    "Doc_0/Pages/Page_0/Content.xml",
    "OFD.xml",
    "Doc_0/Document.xml",
    "Doc_0/Tpls/Tpl_0/Content.xml",
)
DAY = timedelta(days=1)


@case("ofd")
def page_text_changed_fail(material: Material) -> bytes:
    """A character on the page is replaced by another."""
    return material.repacked({PAGE: swap(material.files[PAGE], b"</ofd:TextCode>", b" </ofd:TextCode>")})


@case("ofd")
def page_swapped_fail(material: Material) -> bytes:
    """The page of another licence by the same seal stands in its place."""
    return material.repacked({PAGE: read_archive(material.other_ofd)[PAGE]})


@case("ofd")
def template_swapped_fail(material: Material) -> bytes:
    """The background that carries the printed words comes from another licence."""
    return material.repacked({TEMPLATE: read_archive(material.other_ofd)[TEMPLATE]})


@case("ofd")
def data_attachment_changed_fail(material: Material) -> bytes:
    """The machine-readable licence says something else than the page."""
    name = "Doc_0/Attachs/licence.xml"
    return material.repacked({name: material.files[name] + b"\n"})


@case("ofd")
def font_exchanged_fail(material: Material) -> bytes:
    """Another font draws other figures for the same characters."""
    return material.repacked({"Doc_0/Res/value_mono.ttf": material.files["Doc_0/Res/label_regular.ttf"]})


@case("ofd")
def picture_exchanged_fail(material: Material) -> bytes:
    """The holder's picture or QR code is another."""
    return material.repacked({"Doc_0/Res/image_0.png": flip(material.files["Doc_0/Res/image_0.png"], 900)})


@case("ofd")
def metadata_names_another_licence_fail(material: Material) -> bytes:
    """OFD.xml names the identifier of somebody else's licence."""
    return material.repacked({ROOT: swap(material.files[ROOT], b".11999999000010022Q.", b".12999999400000018W.")})


@case("ofd")
def status_place_removed_fail(material: Material) -> bytes:
    """OFD.xml no longer says where the status stands, so that no revocation is found."""
    return material.repacked({ROOT: swap(material.files[ROOT], b'Name="StatusList"', b'Name="Remark"')})


@case("ofd")
def second_body_fail(material: Material) -> bytes:
    """OFD.xml gets a second document that no signature covers."""
    end = b"</ofd:DocBody></ofd:OFD>"
    added = b"</ofd:DocBody><ofd:DocBody><ofd:DocRoot>Doc_1/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
    other = read_archive(material.plain_ofd)
    moved = {name.replace("Doc_0/", "Doc_1/"): content for name, content in other.items() if name != ROOT}
    return material.repacked({**moved, ROOT: swap(material.files[ROOT], end, added)})


@case("ofd")
def document_root_redirected_fail(material: Material) -> bytes:
    """OFD.xml leads to another document, the sealed one lies beside it."""
    other = read_archive(material.plain_ofd)
    moved = {name.replace("Doc_0/", "Doc_1/"): content for name, content in other.items() if name != ROOT}
    return material.repacked({**moved, ROOT: swap(material.files[ROOT], b"Doc_0/Document.xml", b"Doc_1/Document.xml")})


@case("ofd")
def extra_unprotected_page_fail(material: Material) -> bytes:
    """A page is added that no signature covers."""
    listed = b'<ofd:Page ID="36" BaseLoc="Pages/Page_1/Content.xml"/></ofd:Pages>'
    document = swap(material.files[DOCUMENT], b"</ofd:Pages>", listed)
    return material.repacked({DOCUMENT: document, "Doc_0/Pages/Page_1/Content.xml": material.files[PAGE]})


@case("ofd")
def extra_unprotected_file_fail(material: Material) -> bytes:
    """A file is added that no signature covers and nothing refers to."""
    return material.repacked({"Doc_0/Res/other.png": b"\x89PNG"})


@case("ofd")
def annotation_added_fail(material: Material) -> bytes:
    """An annotation file lays other words over the page."""
    return material.repacked({"Doc_0/Annots/Annotations.xml": b"<x/>"})


@case("ofd")
def protected_file_removed_fail(material: Material) -> bytes:
    """A file that the signature protects is gone."""
    return material.repacked({"Doc_0/PublicRes.xml": None})


@case("ofd")
def protected_file_emptied_fail(material: Material) -> bytes:
    """A file that the signature protects is empty."""
    return material.repacked({TEMPLATE: b""})


@case("ofd")
def reference_recomputed_fail(material: Material) -> bytes:
    """A page is changed, and its digest in the description worked out again."""
    page = swap(material.files[PAGE], b"</ofd:TextCode>", b"x</ofd:TextCode>")
    old, new = (b64encode(sm3(each)) for each in (material.files[PAGE], page))
    return material.repacked({PAGE: page, DESCRIPTION: swap(material.files[DESCRIPTION], old, new)})


@case("ofd")
def reference_removed_fail(material: Material) -> bytes:
    """The description no longer refers to the page that was changed."""
    digest = b64encode(sm3(material.files[PAGE]))
    line = f'<ofd:Reference FileRef="/{PAGE}"><ofd:CheckValue>'.encode() + digest + b"</ofd:CheckValue></ofd:Reference>"
    return material.repacked({PAGE: b"<x/>", DESCRIPTION: swap(material.files[DESCRIPTION], line, b"")})


@case("ofd")
def reference_removed_by_insider_fail(material: Material) -> bytes:
    """The signer itself leaves the page out of what it protects."""
    digest = b64encode(sm3(material.files[PAGE]))
    line = f'<ofd:Reference FileRef="/{PAGE}"><ofd:CheckValue>'.encode() + digest + b"</ofd:CheckValue></ofd:Reference>"
    return material.resigned({**material.files, DESCRIPTION: swap(material.files[DESCRIPTION], line, b"")})


@case("ofd")
def no_references_by_insider_fail(material: Material) -> bytes:
    """The signer protects nothing at all."""
    text = material.files[DESCRIPTION]
    start, end = text.index(b"<ofd:Reference "), text.index(b"</ofd:References>")
    return material.resigned({**material.files, DESCRIPTION: text[:start] + text[end:]})


@case("ofd")
def digest_method_weakened_fail(material: Material) -> bytes:
    """The description says that its digests are MD5."""
    text = swap(material.files[DESCRIPTION], b"1.2.156.10197.1.401", b"1.2.840.113549.2.5")
    return material.resigned({**material.files, DESCRIPTION: text})


@case("ofd")
def digest_cut_fail(material: Material) -> bytes:
    """A digest is shortened to its first byte, as a careless comparison would allow."""
    digest = sm3(material.files[PAGE])
    text = swap(material.files[DESCRIPTION], b64encode(digest), b64encode(digest[:1]))
    return material.resigned({**material.files, DESCRIPTION: text})


@case("ofd")
def reference_twice_fail(material: Material) -> bytes:
    """One file is referred to twice with different digests; the right one comes first."""
    end = b"</ofd:References>"
    again = f'<ofd:Reference FileRef="/{PAGE}"><ofd:CheckValue>'.encode() + b64encode(bytes(32))
    text = swap(material.files[DESCRIPTION], end, again + b"</ofd:CheckValue></ofd:Reference>" + end)
    return material.resigned({**material.files, DESCRIPTION: text})


@case("ofd")
def stamp_moved_fail(material: Material) -> bytes:
    """The stamp stands elsewhere on the page."""
    return material.repacked({DESCRIPTION: swap(material.files[DESCRIPTION], b"120 150 42 42", b"20 20 42 42")})


@case("ofd")
def stamp_enlarged_fail(material: Material) -> bytes:
    """The stamp is drawn large enough to hide the words below it."""
    return material.repacked({DESCRIPTION: swap(material.files[DESCRIPTION], b"120 150 42 42", b"0 0 297 210")})


@case("ofd")
def stamp_on_another_page_fail(material: Material) -> bytes:
    """The stamp stands on another page."""
    return material.repacked({DESCRIPTION: swap(material.files[DESCRIPTION], b'PageRef="35"', b'PageRef="3"')})


@case("ofd")
def stamp_removed_fail(material: Material) -> bytes:
    """The place of the stamp is taken out of the description."""
    text = material.files[DESCRIPTION]
    start, end = text.index(b"<ofd:StampAnnot"), text.index(b"<ofd:Seal>")
    return material.repacked({DESCRIPTION: text[:start] + text[end:]})


@case("ofd")
def signing_time_backdated_fail(material: Material) -> bytes:
    """The description states an earlier time."""
    return material.repacked({DESCRIPTION: swap(material.files[DESCRIPTION], b"20261121", b"20251121")})


@case("ofd")
def provider_renamed_fail(material: Material) -> bytes:
    """The description names another maker, for whom the checks of the archive are laxer."""
    return material.repacked({DESCRIPTION: swap(material.files[DESCRIPTION], b'"Xinyin"', b'"suwell"')})


@case("ofd")
def description_with_entity_fail(material: Material) -> bytes:
    """The description declares an entity that would change what it says (XXE)."""
    declared = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    head, _, rest = material.files[DESCRIPTION].partition(b"?>\n")
    text = head + b"?>\n" + declared + swap(rest, b"120 150 42 42", b"&x;")
    return material.resigned({**material.files, DESCRIPTION: text})


@case("ofd")
def root_with_external_entity_fail(material: Material) -> bytes:
    """OFD.xml fetches a file of the verifier's machine (XXE)."""
    declared = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    head, _, rest = material.files[ROOT].partition(b"?>\n")
    return material.repacked({ROOT: head + b"?>\n" + declared + swap(rest, b">Xinyin<", b">&x;<")})


@case("ofd")
def root_with_billion_laughs_fail(material: Material) -> bytes:
    """OFD.xml declares entities that grow to gigabytes."""
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
    head, _, rest = material.files[ROOT].partition(b"?>\n")
    declared = b'<!DOCTYPE a [<!ENTITY l0 "ha">' + laughs + b"]>"
    return material.repacked({ROOT: head + b"?>\n" + declared + swap(rest, b">Xinyin<", b">&l11;<")})


@case("ofd")
def value_of_another_document_fail(material: Material) -> bytes:
    """SignedValue.dat comes from another licence by the same seal."""
    return material.repacked({VALUE: read_archive(material.other_ofd)[VALUE]})


@case("ofd")
def value_and_description_of_another_document_fail(material: Material) -> bytes:
    """Description and value come from another licence, so that they fit one another."""
    other = read_archive(material.other_ofd)
    return material.repacked({VALUE: other[VALUE], DESCRIPTION: other[DESCRIPTION]})


@case("ofd")
def whole_signature_of_another_document_fail(material: Material) -> bytes:
    """An unsealed licence carries all the files of a signature made for another."""
    other = {name: content for name, content in read_archive(material.other_ofd).items() if "/Signs/" in name}
    return write_archive({**read_archive(material.plain_ofd), **other, ROOT: material.files[ROOT]})


@case("ofd")
def value_removed_fail(material: Material) -> bytes:
    """SignedValue.dat is gone."""
    return material.repacked({VALUE: None})


@case("ofd")
def description_removed_fail(material: Material) -> bytes:
    """Signature.xml is gone."""
    return material.repacked({DESCRIPTION: None})


@case("ofd")
def signature_list_removed_fail(material: Material) -> bytes:
    """Signatures.xml is gone."""
    return material.repacked({LIST: None})


@case("ofd")
def signature_list_emptied_fail(material: Material) -> bytes:
    """Signatures.xml lists nothing, the signature lies there."""
    return material.repacked({LIST: signatures_list([])})


@case("ofd")
def signature_removed_whole_fail(material: Material) -> bytes:
    """Every file of the signature is gone, and OFD.xml no longer names it."""
    gone: dict[str, bytes | None] = dict.fromkeys((LIST, DESCRIPTION, VALUE, ESL))
    line = b"<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>"
    return material.repacked({**gone, ROOT: swap(material.files[ROOT], line, b"")})


@case("ofd")
def signature_list_leads_elsewhere_fail(material: Material) -> bytes:
    """Signatures.xml leads to a second description with laxer contents."""
    copy = "Doc_0/Signs/Sign_9/Signature.xml"
    listed = signatures_list([("s001", "Seal", copy)])
    return material.repacked({LIST: listed, copy: material.files[DESCRIPTION]})


@case("ofd")
def signature_listed_twice_fail(material: Material) -> bytes:
    """Signatures.xml lists the one signature twice, to look like two authorities."""
    return material.repacked({LIST: signatures_list([("s001", "Seal", DESCRIPTION), ("s002", "Seal", DESCRIPTION)])})


@case("ofd")
def signature_type_changed_fail(material: Material) -> bytes:
    """Signatures.xml calls the seal a plain signature, which asks for no seal."""
    return material.repacked({LIST: signatures_list([("s001", "Sign", DESCRIPTION)])})


@case("ofd")
def seal_copy_exchanged_fail(material: Material) -> bytes:
    """Seal.esl, which viewers draw, is another seal than the one that signed."""
    return material.repacked({ESL: material.foreign.seal})


@case("ofd")
def seal_copy_removed_fail(material: Material) -> bytes:
    """Seal.esl is gone."""
    return material.repacked({ESL: None})


family(
    "ofd",
    "value_bit_flipped",
    "One bit of SignedValue.dat is changed",
    [
        (f"at_{percent}_percent", lambda material, percent=percent: _with_flipped_value(material, percent))
        for percent in (1, 10, 30, 50, 70, 85, 99)
    ],
)


def _with_flipped_value(material: Material, percent: int) -> bytes:
    value = material.files[VALUE]
    return material.repacked({VALUE: flip(value, len(value) * percent // 100)})


family(
    "ofd",
    "value_cut",
    "SignedValue.dat is cut",
    [
        (f"to_{percent}_percent", lambda material, percent=percent: _with_cut_value(material, percent))
        for percent in (0, 1, 50, 99)
    ],
)


def _with_cut_value(material: Material, percent: int) -> bytes:
    value = material.files[VALUE]
    return material.repacked({VALUE: value[: len(value) * percent // 100]})


@case("ofd")
def value_with_a_tail_fail(material: Material) -> bytes:
    """Bytes follow the signature value."""
    return material.repacked({VALUE: material.files[VALUE] + b"\0"})


@case("ofd")
def seal_expired_fail(material: Material) -> bytes:
    """The seal's period ended before the signing."""
    seal = material.pki.make_seal(material.pki.signer, valid_from=NOW - 90 * DAY, valid_to=NOW - DAY)
    return material.seal_ofd(seal=seal)


@case("ofd")
def seal_not_yet_valid_fail(material: Material) -> bytes:
    """The seal's period has not begun."""
    return material.seal_ofd(seal=material.pki.make_seal(material.pki.signer, valid_from=NOW + DAY))


@case("ofd")
def certificate_expired_fail(material: Material) -> bytes:
    """The signer's certificate ended before the signing."""
    signer = material.pki.sm2.issue("expired", not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    return material.seal_ofd(signer=signer)


@case("ofd")
def certificate_not_yet_valid_fail(material: Material) -> bytes:
    """The signer's certificate begins after the signing."""
    signer = material.pki.sm2.issue("early", not_before=NOW + DAY, not_after=NOW + 9 * DAY)
    return material.seal_ofd(signer=signer)


@case("ofd")
def maker_certificate_expired_fail(material: Material) -> bytes:
    """The seal maker's certificate had ended when the seal was used."""
    maker = material.pki.sm2.issue("old maker", not_before=NOW - 90 * DAY, not_after=NOW - 40 * DAY)
    return material.seal_ofd(seal=material.pki.make_seal(material.pki.signer, maker=maker))


@case("ofd")
def signed_in_the_future_fail(material: Material) -> bytes:
    """The stated time of signing has not come."""
    return material.seal_ofd(at=NOW + DAY)


@case("ofd")
def foreign_seal_maker_fail(material: Material) -> bytes:
    """The seal was made by somebody whose root nobody trusts."""
    return material.seal_ofd(seal=material.pki.make_seal(material.pki.signer, maker=material.foreign.maker))


@case("ofd")
def foreign_everything_fail(material: Material) -> bytes:
    """Seal, maker and signer of another PKI that bears the same names."""
    signer = material.foreign.signer
    return material.seal_ofd(signer=signer, seal=material.foreign.make_seal(signer))


@case("ofd")
def certificate_revoked_fail(material: Material) -> bytes:
    """The signer's certificate was revoked, its key being stolen."""
    return material.seal_ofd(signer=material.revoked_signer)


@case("ofd")
def maker_revoked_fail(material: Material) -> bytes:
    """The seal maker's certificate was revoked, its key being stolen."""
    return material.seal_ofd(seal=material.pki.make_seal(material.pki.signer, maker=material.revoked_maker))


@case("ofd")
def certificate_for_encryption_fail(material: Material) -> bytes:
    """The signer's certificate is for encryption, not for signatures."""
    return material.seal_ofd(signer=material.pki.sm2.issue("encryption", usage=("key_encipherment",)))


@case("ofd")
def certificate_for_servers_fail(material: Material) -> bytes:
    """The signer's certificate is for TLS servers."""
    return material.seal_ofd(signer=material.pki.sm2.issue("server", purposes=("1.3.6.1.5.5.7.3.1",)))


@case("ofd")
def signer_not_listed_in_seal_fail(material: Material) -> bytes:
    """A genuine seal is used by somebody whom it does not list."""
    return material.resigned(material.files, signer=material.stranger)


@case("ofd")
def signed_by_another_key_fail(material: Material) -> bytes:
    """The value names the signer's certificate and was made with another key."""
    certificate = material.pki.signer.certificate.der
    return material.resigned(material.files, signer=material.stranger, certificate=certificate)


@case("ofd")
def seal_renamed_fail(material: Material) -> bytes:
    """The name on the seal was changed after its making."""
    name = "示例市市场".encode()
    seal = swap(material.pki.seal, name, "示例市财政".encode())
    return material.seal_ofd(seal=seal)


@case("ofd")
def seal_period_prolonged_fail(material: Material) -> bytes:
    """The period of an ended seal was changed after its making."""
    ended = material.pki.make_seal(material.pki.signer, valid_to=NOW - DAY)
    return material.seal_ofd(seal=swap(ended, f"{NOW - DAY:%Y%m%d}".encode(), f"{NOW + 9 * DAY:%Y%m%d}".encode()))


@case("ofd")
def value_made_for_another_path_fail(material: Material) -> bytes:
    """The value was made for a description that stands elsewhere in the package."""
    other = {DESCRIPTION.replace("Sign_0", "Sign_1"): material.files[DESCRIPTION]}
    moved = VALUE.replace("Sign_0", "Sign_1")
    listed = signatures_list([("s002", "Seal", DESCRIPTION.replace("Sign_0", "Sign_1"))])
    gone: dict[str, bytes | None] = {DESCRIPTION: None, VALUE: None}
    return material.repacked({**gone, **other, moved: material.files[VALUE], LIST: listed})
