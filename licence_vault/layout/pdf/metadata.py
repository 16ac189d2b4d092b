"""Metadata of a PDF as XMP (ISO 16684-1): the marks of PDF/A-3b, and the names of GB/T 36903 in a schema of their own.

PDF/A lets a file carry only properties that it describes (ISO 19005-3 §6.6.2.3.3), so the description travels along.
"""

from collections.abc import Mapping
from xml.sax.saxutils import escape

from licence_vault.layout.document import PRODUCER, LicenceDocument

NAMESPACE = "urn:xinyin:gbt36903"
NAMES: Mapping[str, str] = {
    "ZZBS": "证照标识",
    "ZZMC": "证照名称",
    "ZZLXDM": "证照类型代码",
    "ZZBH": "证照编号",
    "ZZBFJG": "证照颁发机构",
    "ZZBFJGDM": "证照颁发机构代码",
    "ZZBFRQ": "证照颁发日期",
    "ZZYXQQSRQ": "证照有效期起始日期",
    "ZZYXQJZRQ": "证照有效期截止日期",
    "CZZT": "持证主体",
    "CZZTDM": "持证主体代码",
    "CZZTDMLX": "持证主体代码类型",
    "CZZTDMLXDM": "持证主体代码类型代码",
    "JZJZZSJ": "加注件制作时间",
    "JZJZZZ": "加注件制作者",
    "JZJZZSY": "加注件制作事由",
    "JZJYXQJZSJ": "加注件有效期截止时间",
}
"""The short names of GB/T 36903 that files carry, and what they mean."""

CONVERSION = ("ConversionStatement", "ConversionClass", "ConversionAgency", "ConversionDate", "OriginalDigest")
"""What a converted copy says of itself, told as the file's description."""


def xmp_packet(document: LicenceDocument) -> bytes:
    """The packet, uncompressed as PDF/A wants it."""
    stamp = f"{document.created_at:%Y-%m-%dT%H:%M:%S}+00:00"
    title, author = escape(document.title), escape(document.author)
    named = document.metadata.get("ZZBS")
    identifier = f"<dc:identifier>{escape(named)}</dc:identifier>" if named else ""
    # Where the licence's status stands: a relation, since PDF/A wants properties of its own described at length.
    status = document.metadata.get("StatusList")
    if status:
        identifier += f"<dc:relation><rdf:Bag><rdf:li>{escape(status)}</rdf:li></rdf:Bag></dc:relation>"
    about = "，".join(document.metadata[name] for name in CONVERSION if name in document.metadata)
    if about:
        identifier += (
            f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{escape(about)}</rdf:li></rdf:Alt></dc:description>'
        )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" '
        'xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">'
        "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>'
        f"<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>"
        f"<dc:format>application/pdf</dc:format>{identifier}"
        f"<xmp:CreateDate>{stamp}</xmp:CreateDate><xmp:ModifyDate>{stamp}</xmp:ModifyDate>"
        f"<xmp:MetadataDate>{stamp}</xmp:MetadataDate><xmp:CreatorTool>{PRODUCER}</xmp:CreatorTool>"
        f"<pdf:Producer>{PRODUCER}</pdf:Producer></rdf:Description>{_licence_schema(document.metadata)}"
        "</rdf:RDF></x:xmpmeta>\n"
        '<?xpacket end="w"?>'
    ).encode()


def _licence_schema(metadata: Mapping[str, str]) -> str:
    """The values by their short names, and the description of these names."""
    known = {name: metadata[name] for name in NAMES if name in metadata}
    if not known:
        return ""
    values = "".join(f"<zz:{name}>{escape(value)}</zz:{name}>" for name, value in known.items())
    properties = "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{NAMES[name]}</pdfaProperty:description></rdf:li>"
        for name in known
    )
    return (
        f'<rdf:Description rdf:about="" xmlns:zz="{NAMESPACE}">{values}</rdf:Description>'
        '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
        'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" '
        'xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
        '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>GB/T 36903-2018</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>zz</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property>"
        "</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
    )
