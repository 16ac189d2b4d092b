"""Small OFD files, written by hand as other makers write them."""

import zipfile
from io import BytesIO

NAMESPACE = "http://www.ofdspec.org/2016"
_OPEN = '<?xml version="1.0" encoding="UTF-8"?>\n'


def minimal_files(*, pages: int = 1) -> dict[str, bytes]:
    """The files of an unsigned document of A4 pages with one line of text each."""
    listed = "".join(
        f'<ofd:Page ID="{10 + number}" BaseLoc="Pages/Page_{number}/Content.xml"/>' for number in range(pages)
    )
    files = {
        "OFD.xml": f'<ofd:OFD xmlns:ofd="{NAMESPACE}" Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
        "<ofd:DocID>0123456789abcdef0123456789abcdef</ofd:DocID></ofd:DocInfo>"
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f'<ofd:Document xmlns:ofd="{NAMESPACE}"><ofd:CommonData><ofd:MaxUnitID>100'
        "</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>"
        "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData>"
        f"<ofd:Pages>{listed}</ofd:Pages></ofd:Document>",
        "Doc_0/PublicRes.xml": f'<ofd:Res xmlns:ofd="{NAMESPACE}" BaseLoc="Res"><ofd:Fonts>'
        '<ofd:Font ID="2" FontName="宋体" FamilyName="宋体"/></ofd:Fonts></ofd:Res>',
    }
    for number in range(pages):
        first = 20 + 10 * number
        files[f"Doc_0/Pages/Page_{number}/Content.xml"] = (
            f'<ofd:Page xmlns:ofd="{NAMESPACE}"><ofd:Content><ofd:Layer ID="{first}" Type="Body">'
            f'<ofd:TextObject ID="{first + 1}" Boundary="20 20 100 10" Font="2" Size="5">'
            f'<ofd:TextCode X="0" Y="8">营业执照 {number + 1}</ofd:TextCode></ofd:TextObject>'
            "</ofd:Layer></ofd:Content></ofd:Page>"
        )
    return {name: (_OPEN + text).encode() for name, text in files.items()}


def zipped(files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive as an ordinary program makes it."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def minimal_ofd(*, pages: int = 1) -> bytes:
    """An unsigned OFD."""
    return zipped(minimal_files(pages=pages))
