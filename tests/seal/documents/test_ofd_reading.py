"""Files of other makers are found and read although they differ in paths, order and namespaces."""

import pytest

from seal.documents.ofd.archive import UnreadablePackage
from seal.documents.ofd.document import load_document, load_pages
from seal.documents.ofd.locating import Locator
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.signature_file import load_signature_file
from tests.seal.ofd_samples import minimal_files, zipped

NAMES = ["OFD.xml", "Doc_0/Document.xml", "Doc_0/Tpls/Tpl_0/Content.xml", "Doc_0/Signs/Sign_0/Signature.xml"]


@pytest.mark.parametrize(
    ("location", "seen_from", "found"),
    [
        ("/Doc_0/Document.xml", "", "Doc_0/Document.xml"),
        ("Doc_0/Document.xml", "OFD.xml", "Doc_0/Document.xml"),
        ("Tpls/Tpl_0/Content.xml", "Doc_0/Document.xml", "Doc_0/Tpls/Tpl_0/Content.xml"),
        ("/Tpls/Tpl_0/Content.xml", "Doc_0/Document.xml", "Doc_0/Tpls/Tpl_0/Content.xml"),
        ("Doc_0/Document.xml", "Doc_0/Signs/Sign_0/Signature.xml", "Doc_0/Document.xml"),
        ("Doc_0\\TPLS\\Tpl_0\\Content.xml", "", "Doc_0/Tpls/Tpl_0/Content.xml"),
        ("../../Document.xml", "Doc_0/Signs/Sign_0/Signature.xml", "Doc_0/Document.xml"),
        (" ./Document.xml ", "Doc_0/Document.xml", "Doc_0/Document.xml"),
        ("../../../../etc/passwd", "Doc_0/Signs/Sign_0/Signature.xml", None),
        ("", "OFD.xml", None),
        ("/", "OFD.xml", None),
    ],
)
def test_locations_are_found_as_makers_write_them(location: str, seen_from: str, found: str | None) -> None:
    assert Locator(NAMES).find(location, seen_from=seen_from) == found


def test_pages_have_the_size_of_the_document_unless_they_say_otherwise() -> None:
    files = minimal_files(pages=2)
    own = b"<ofd:Area><ofd:PhysicalBox>0 0 297 210</ofd:PhysicalBox></ofd:Area><ofd:Content>"
    name = "Doc_0/Pages/Page_1/Content.xml"
    files[name] = files[name].replace(b"<ofd:Content>", own)
    package = OfdPackage.read(zipped(files))

    pages = load_pages(package, load_document(package).document_file)

    assert [(page.id, page.width_mm, page.height_mm) for page in pages] == [("10", 210, 297), ("11", 297, 210)]


def test_another_namespace_and_another_order_are_read() -> None:
    files = minimal_files()
    files["OFD.xml"] = files["OFD.xml"].replace(b"http://www.ofdspec.org/2016", b"http://www.ofdspec.org")
    files["OFD.xml"] = files["OFD.xml"].replace(
        b"<ofd:DocBody>", b"<ofd:DocBody><ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>"
    )
    files["Doc_0/Signs/Signatures.xml"] = (
        b'<Signatures xmlns="http://www.ofdspec.org/2016"><Signature BaseLoc="Sign_0/Signature.xml" ID="1"/>'
        b"<MaxSignId>1</MaxSignId></Signatures>"
    )
    files["Doc_0/Signs/Sign_0/Signature.xml"] = (
        b'<o:Signature xmlns:o="http://www.ofdspec.org"><o:SignedValue>SignedValue.dat</o:SignedValue><o:SignedInfo>'
        b'<o:StampAnnot PageRef="10" Boundary="1 2 3 4" ID="a"/><o:References CheckMethod="SM3">'
        b'<o:Reference FileRef="/OFD.xml"><o:CheckValue> AAEC\n</o:CheckValue></o:Reference></o:References>'
        b"<o:Provider><o:ProviderName>maker</o:ProviderName></o:Provider></o:SignedInfo></o:Signature>"
    )
    package = OfdPackage.read(zipped(files))

    (entry,) = load_document(package).signatures
    assert entry.file == "Doc_0/Signs/Sign_0/Signature.xml"
    assert entry.kind == "Seal"  # the default
    description = load_signature_file(package, entry.file)

    assert (description.provider, description.value_location) == ("maker", "SignedValue.dat")
    assert [(each.location, each.digest) for each in description.references] == [("/OFD.xml", b"\x00\x01\x02")]
    assert [(stamp.page_id, stamp.boundary, stamp.clip) for stamp in description.stamps] == [("10", "1 2 3 4", None)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("OFD.xml", b"<not-closed"),
        ("OFD.xml", b'<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"/>'),
        ("OFD.xml", b"<OFD><DocBody><DocRoot>missing.xml</DocRoot></DocBody></OFD>"),
        ("OFD.xml", b"<OFD><DocBody/></OFD>"),
    ],
)
def test_a_package_without_a_document_is_unreadable(name: str, content: bytes) -> None:
    package = OfdPackage.read(zipped({**minimal_files(), name: content}))

    with pytest.raises(UnreadablePackage):
        load_document(package)
