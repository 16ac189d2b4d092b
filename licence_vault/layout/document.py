"""What a licence file carries beside its drawing: metadata, the index of fields, the data as XML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from licence_vault.layout.drawing import Drawing

PRODUCER = "Xinyin"


@dataclass(frozen=True)
class LicenceDocument:
    """Everything that a writer needs; the same document gives the same bytes.

    `document_id` is 32 hex digits. `metadata` are the short names of GB/T 36903 (ZZBS, ZZMC …) and their values.
    `field_names` maps the names of values in the drawing to the Chinese names of the fields, for the index.
    `data_xml` is the licence's data as XML, attached to both files as `licence.xml`; what is no licence says what its
    data is called and of which kind (in PDF). `sealed_ofd` is attached to the PDF as `licence.ofd`.
    """

    drawing: Drawing
    document_id: str
    title: str
    author: str
    created_at: datetime
    data_xml: bytes
    metadata: Mapping[str, str] = field(default_factory=dict)
    field_names: Mapping[str, str] = field(default_factory=dict)
    data_name: str = "licence.xml"
    data_kind: str = "text/xml"
    language: str = "zh-CN"
    sealed_ofd: bytes = field(default=b"", repr=False)
