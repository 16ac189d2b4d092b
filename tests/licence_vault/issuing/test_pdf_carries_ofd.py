"""A type may have its PDF carry the sealed OFD, so that one file holds both. Read by poppler's programs."""

import subprocess
from pathlib import Path

import pytest

from licence_vault.issuing.service import KeyedOrder
from licence_vault.licences.licence import Licence
from tests.houses import FOOD, food_order, opened


@pytest.mark.parametrize("carries", [True, False])
async def test_the_pdf_carries_the_very_ofd_that_was_sealed_if_the_type_says_so(tmp_path: Path, carries: bool) -> None:
    async with opened(tmp_path) as world:
        vault = world.house.licence_vault
        shipped = await vault.catalogue.load(FOOD)
        changes = {"pdf_carries_ofd": carries, "version": shipped.version + 1}
        await vault.catalogue.publish(dict(shipped.document) | changes, actor=world.requester().actor)
        orders = [KeyedOrder(f"key-{number}", food_order()) for number in range(2)]
        _first, licence = await vault.issuing.issue_all(orders, world.requester())
        assert isinstance(licence, Licence)
        ofd, pdf = await vault.lookup.file(licence, "ofd"), await vault.lookup.file(licence, "pdf")
    (tmp_path / "licence.pdf").write_bytes(pdf)
    taken_out = tmp_path / "taken-out"
    taken_out.mkdir()
    subprocess.run(["pdfdetach", "-saveall", "-o", taken_out, tmp_path / "licence.pdf"], check=True)
    attached = {each.name: each.read_bytes() for each in taken_out.iterdir()}
    assert set(attached) == ({"licence.ofd", "licence.xml"} if carries else {"licence.xml"})
    assert attached.get("licence.ofd", ofd) == ofd
    assert (b"/AFRelationship/Alternative" in pdf) is carries
    said = subprocess.run(["pdfsig", "-nocert", tmp_path / "licence.pdf"], capture_output=True, text=True, check=False)
    assert "Signature is Valid." in said.stdout
    assert "Total document signed" in said.stdout
