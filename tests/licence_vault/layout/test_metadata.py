"""The metadata of GB/T 36903 stand in three places of two files, and say the same in each."""

from collections.abc import Mapping

import pytest

from licence_vault.issuing.drafting import STATUS_NAME
from licence_vault.layout.pdf.metadata import NAMES
from tests.licence_vault.layout.metadata_reading import attached_to_ofd, attached_to_pdf, in_ofd, in_xml, in_xmp, packet
from tests.licence_vault.layout.samples import TYPE_FILES, example, redrawn

PROPERTY = "{http://www.aiim.org/pdfa/ns/property#}name"


def gb(metadata: Mapping[str, str | None]) -> dict[str, str | None]:
    """Without the place on the status list, for which GB/T 36903 has no name."""
    return {name: value for name, value in metadata.items() if name != STATUS_NAME}


@pytest.mark.parametrize("name", TYPE_FILES)
def test_custom_datas_attachment_and_xmp_agree(name: str) -> None:
    sample = example(name)
    metadata = dict(sample.document.metadata)
    assert len(gb(metadata)) == 13
    assert in_ofd(sample.ofd) == metadata
    assert in_xml(attached_to_ofd(sample.ofd)) == metadata
    assert in_xml(attached_to_pdf(sample.pdf)) == metadata
    assert in_xmp(sample.pdf) == gb(metadata)


def test_every_property_of_the_packet_is_described_as_pdfa_wants_it() -> None:
    sample = example(TYPE_FILES[0])
    described = {each.text for each in packet(sample.pdf).iter(PROPERTY)}
    assert described == set(in_xmp(sample.pdf))
    assert set(gb(dict(sample.document.metadata))) <= set(NAMES)


def test_markup_in_a_value_stays_text_in_the_packet() -> None:
    sample = redrawn(example(TYPE_FILES[0]), metadata={"ZZBS": "a <b> & c", "CZZT": "“甲”<乙>&丙"})
    assert in_xmp(sample.pdf) == {"ZZBS": "a <b> & c", "CZZT": "“甲”<乙>&丙"}
