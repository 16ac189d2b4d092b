"""Scans: unpacked and read with care, found for their rows, and the base picture of what is converted."""

import io
import zipfile
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageDraw

from kernel.errors import Conflict, InvalidInput
from licence_vault.collection.parts import Collection
from licence_vault.collection.scans.archive import ScanFile, file_key, group_key, unpack
from licence_vault.collection.scans.rendering import packed, render, unpacked
from licence_vault.collection.states import CollectionState, ItemState
from licence_vault.issuing.sweeping import sweep_orphans
from licence_vault.licences.records import OriginRow
from tests.houses import TestHouse
from tests.licence_vault.collection.registers import accept_all, item, old_cells, register, reviewer, worked


def picture(kind: str = "JPEG", size: tuple[int, int] = (827, 1169), **options: object) -> bytes:
    """A page of A4 at 100 dpi."""
    drawn = Image.new("RGB", size, "#f4efe0")
    ImageDraw.Draw(drawn).rectangle((40, 40, size[0] - 40, size[1] - 40), outline="#a33", width=6)
    file = io.BytesIO()
    drawn.save(file, kind, **({"dpi": (100, 100)} if kind != "PDF" else {"resolution": 100.0}) | options)
    return file.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "WEBP", "PDF"])
async def test_a_scan_is_read_at_its_true_size_and_written_anew(kind: str) -> None:
    (page,) = await render(picture(kind))
    expected = (210, 297) if kind != "WEBP" else (105, 148.5)  # it says no resolution, so the usual one is taken
    assert (page.width, page.height) == pytest.approx(expected, abs=0.5)
    assert page.picture.startswith(b"\xff\xd8")
    assert unpacked(packed((page, page))) == (page, page)


async def test_a_scan_of_several_pages_keeps_their_order() -> None:
    second = Image.open(io.BytesIO(picture(size=(1169, 827))))
    pages = await render(picture("PDF", save_all=True, append_images=[second]))
    assert [page.width > page.height for page in pages] == [False, True]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "cannot be read"),
        (b"%PDF-1.7 nothing more", "cannot be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "cannot be read"),
    ],
)
async def test_what_is_no_scan_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        await render(data)


async def test_a_picture_that_unfolds_to_billions_of_pixels_is_refused_unopened() -> None:
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    with pytest.raises(InvalidInput, match="too large"):
        await render(file.getvalue())


async def test_a_scan_of_too_many_pages_is_refused() -> None:
    document = pypdfium2.PdfDocument.new()
    for _ in range(21):
        document.new_page(595, 842)
    file = io.BytesIO()
    document.save(file)
    with pytest.raises(InvalidInput, match="20 pages"):
        await render(file.getvalue())


def test_names_of_files_lead_to_their_licences() -> None:
    assert file_key("甲/ＪＹ001.PDF") == "jy001"
    assert {
        group_key(each) for each in ("JY001.jpg", "JY001-2.jpg", "JY001_03.png", "JY001(1).jpg", "JY001/2.jpg")
    } == {"jy001"}


def test_chinese_names_in_archives_are_read_whatever_wrote_them() -> None:
    data = bytearray(zipped({"AAAA.jpg": b"x"}))
    data = data.replace(b"AAAA", "许可".encode("gb18030"))
    assert [each.name for each in unpack("a.zip", bytes(data))] == ["许可.jpg"]


def test_folders_that_lead_elsewhere_lead_nowhere_and_other_files_are_left() -> None:
    names = {"../../etc/one.jpg": b"1", "说明.txt": b"2", "two.pdf": b"3"}
    assert [each.name for each in unpack("a.zip", zipped(names))] == ["etc/one.jpg", "two.pdf"]


def test_archives_that_are_broken_or_unfold_too_far_are_refused() -> None:
    with pytest.raises(InvalidInput, match="32 MB"):
        list(unpack("a.zip", zipped({"bomb.jpg": bytes(40 * 1024 * 1024)})))
    with pytest.raises(InvalidInput, match="broken"):
        list(unpack("a.zip", zipped({"one.jpg": b"1"})[:-30]))
    with pytest.raises(InvalidInput, match="32 MB"):
        list(unpack("a.jpg", bytes(40 * 1024 * 1024)))


async def with_scans(world: TestHouse, rows: list[dict[str, str]], files: dict[str, bytes]) -> Collection:
    """A register with its scans, cleaned."""
    collections = world.house.licence_vault.collections
    found = await collections.create(register(rows, "B", starts_itself=False), world.requester())
    await collections.add_scans(found.id, unpack("scans.zip", zipped(files)), world.requester())
    await collections.say_columns(found.id, await collections.proposed_columns(found), world.requester())
    return await worked(world, found)


async def test_scans_are_the_base_picture_of_the_copy_and_bound_to_it(any_world: TestHouse) -> None:
    vault = any_world.house.licence_vault
    rows = [old_cells(1, 扫描件="甲.jpg"), old_cells(2), old_cells(3, 扫描件="没有.jpg")]
    number = rows[1]["许可证编号"]
    files = {"甲.jpg": picture(), f"{number}-1.jpg": picture(), f"{number}-2.pdf": picture("PDF")}
    found = await with_scans(any_world, rows, files)
    asked = []
    for each in (2, 3, 4):
        content = (await item(any_world, found, each)).content
        assert content is not None
        asked.append((len(content.scans), [question.code for question in content.questions]))
    assert asked == [(1, []), (2, []), (0, ["missing-scan"])]
    assert await vault.review.accept_unquestioned(found.id, reviewer()) == 2
    assert await accept_all(any_world, found, "one", "two") == [ItemState.SECOND, ItemState.ACCEPTED]
    done = await worked(any_world, found)
    assert (done.state, done.counts) == (CollectionState.DONE, {ItemState.CONVERTED: 3})
    converted = await item(any_world, done, 3)
    async with any_world.house.foundation.database.reading() as session:
        origin = await session.get(OriginRow, converted.licence_id)
    assert origin is not None
    assert len(origin.original_digest) == 64
    licence = await vault.lookup.find_by_id(converted.licence_id or "")
    assert licence is not None
    copy = pypdfium2.PdfDocument(await vault.lookup.file(licence, "pdf"))
    assert len(copy) == 3  # two pages of scans, and the statement
    assert copy[0].get_width() / 72 * 25.4 == pytest.approx(210, abs=0.5)
    assert "不是原件" in copy[0].get_textpage().get_text_bounded()
    assert origin.original_digest in copy[2].get_textpage().get_text_bounded().replace("\r\n", "")


async def test_scans_come_before_cleaning_and_not_after(world: TestHouse) -> None:
    found = await with_scans(world, [old_cells(1)], {f"{old_cells(1)['许可证编号']}.png": picture("PNG")})
    with pytest.raises(Conflict):
        await world.house.licence_vault.collections.add_scans(
            found.id, iter([ScanFile("a.jpg", picture())]), world.requester()
        )


async def test_a_scan_that_cannot_be_read_is_asked_about(world: TestHouse) -> None:
    found = await with_scans(world, [old_cells(1, 扫描件="a.jpg")], {"a.jpg": b"\xff\xd8 broken"})
    content = (await item(world, found, 2)).content
    assert content is not None
    assert [each.code for each in content.questions] == ["bad-scan"]


async def test_scans_are_kept_encrypted_and_not_swept(world: TestHouse, tmp_path: Path) -> None:
    scan = picture("PNG")
    await with_scans(world, [old_cells(1, 扫描件="林小满.png")], {"林小满.png": scan})
    world.clock.advance(hours=2)
    foundation = world.house.foundation
    assert await sweep_orphans(foundation.database, foundation.blobs, world.clock) == 0
    data = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert scan[60:160] not in data
    assert "林小满".encode() not in data
