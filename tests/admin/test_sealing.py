"""Sealing files by hand in the console: send, click the place, seal, fetch; without any script."""

from io import BytesIO

from PIL import Image
from sqlalchemy import update

from idp.roles.scopes import Role
from seal.signing.jobs.records import SealJobItemRow
from seal.validation.report import Indication
from seal.validation.service import validate_document
from tests.admin.conftest import Console
from tests.seal.ofd_samples import minimal_ofd
from tests.seal.pdf_samples import minimal_pdf

HOME = "/console/sealing"


async def drafted(console: Console, *files: tuple[str, bytes]) -> str:
    """Send files and give the address where their place is chosen."""
    console.sit(Role.OFFICER, subject="officer-1")
    parts = [("file", (name, data, "application/octet-stream")) for name, data in files]
    answer = await console.post(HOME, HOME, files=parts)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def passes(console: Console, data: bytes) -> bool:
    seals = console.rooms.seals
    trust = await seals.publication.trust_store()
    return validate_document(data, trust, at=seals.jobs._parts.clock()).indication is Indication.PASSED


async def test_a_click_on_the_page_moves_the_seal_there_and_the_button_seals(console: Console) -> None:
    draft = await drafted(console, ("通知.pdf", minimal_pdf(pages=2)))
    first = (await console.get(draft)).text
    assert "通知.pdf" in first
    assert console.rooms.seal_id in first

    clicked = await console.post(
        draft, draft, **{"seal": console.rooms.seal_id, "page": "2", "size": "42", "spot.x": "160", "spot.y": "200"}
    )
    assert clicked.status_code == 200
    # The middle of a picture 320 wide is 105 mm from the left; the seal is 42 mm wide.
    assert 'name="x" type="text" value="84"' in clicked.text.replace("  ", " ") or 'value="84"' in clicked.text
    assert "pages/2.png?x=84&amp;y=" in clicked.text

    sealed = await console.post(
        draft, draft, seal=console.rooms.seal_id, place="at", page="2", x="84", y="110.2", size="42", purpose="通知"
    )
    assert sealed.status_code == 303, sealed.text
    page = (await console.get(sealed.headers["location"])).text
    assert "1 of 1 files are sealed" in page
    data = (await console.get(f"{sealed.headers['location']}/files/1")).content
    assert await passes(console, data)
    again = await console.post(
        draft, draft, seal=console.rooms.seal_id, place="at", page="2", x="84", y="110.2", size="42", purpose="通知"
    )
    assert again.headers["location"] == sealed.headers["location"], "a double click seals once"


async def test_pages_are_shown_with_a_frame_where_the_seal_will_be(console: Console) -> None:
    for name, data in (("a.pdf", minimal_pdf()), ("a.ofd", minimal_ofd())):
        draft = await drafted(console, (name, data))
        plain = await console.get(f"{draft}/pages/1.png")
        framed = await console.get(f"{draft}/pages/1.png?x=84&y=100&size=42")
        assert (plain.status_code, plain.headers["content-type"]) == (200, "image/png")
        assert Image.open(BytesIO(plain.content)).width == 640
        assert plain.content != framed.content
        assert (await console.get(f"{draft}/pages/9.png")).status_code == 400


async def test_many_files_are_watched_and_fetched_together(console: Console) -> None:
    files = [(f"{number}.ofd", minimal_ofd()) for number in range(4)] + [("broken.pdf", b"%PDF-1.7")]
    draft = await drafted(console, *files)
    started = await console.post(draft, draft, seal=console.rooms.seal_id, place="keyword", keyword="执照", size="42")
    job = started.headers["location"]
    assert "data-reload" in (await console.get(job)).text

    await console.rooms.seals.jobs.runner.run_waiting()

    page = (await console.get(job)).text
    assert "4 of 5 files are sealed" in page
    assert "Not sealed" in page
    assert (await console.get(f"{job}/files.zip")).content[:2] == b"PK"
    assert "0.ofd" in (await console.get(HOME)).text


async def test_work_that_is_cancelled_stops(console: Console) -> None:
    draft = await drafted(console, *[(f"{number}.ofd", minimal_ofd()) for number in range(4)])
    job = (await console.post(draft, draft, seal=console.rooms.seal_id, place="lower-right")).headers["location"]

    await console.post(job, f"{job}/cancel")
    await console.rooms.seals.jobs.runner.run_waiting()

    assert "Cancelled" in (await console.get(job)).text


async def test_what_is_wrong_is_said_at_its_field(console: Console) -> None:
    console.sit(Role.OFFICER, subject="officer-1")
    refused = await console.post(HOME, HOME, files=[("file", ("a.txt", b"text", "text/plain"))])
    assert (refused.status_code, "a.txt is neither" in refused.text) == (400, True)
    draft = await drafted(console, ("a.pdf", minimal_pdf()))
    seal = console.rooms.seal_id
    for fields, words in (
        ({"place": "keyword", "keyword": ""}, "Enter the keyword."),
        ({"place": "keyword", "keyword": "不在此处"}, "does not contain this keyword"),
        ({"place": "at", "page": "1", "x": "", "y": "5"}, "Enter millimetres"),
        ({"place": "at", "page": "x", "x": "1", "y": "5"}, "Enter the number of a page"),
        ({"place": "at", "page": "1", "x": "209", "y": "5"}, "does not fit"),
        ({"place": "lower-right", "riding": "yes"}, "at least two pages"),
    ):
        answer = await console.post(draft, draft, seal=seal, **fields)
        assert (answer.status_code, words in answer.text) == (400, True), (fields, answer.text[-3000:])


async def test_files_and_jobs_are_their_senders_alone(console: Console) -> None:
    draft = await drafted(console, ("a.pdf", minimal_pdf()))
    job = (await console.post(draft, draft, seal=console.rooms.seal_id, place="invisible")).headers["location"]
    console.sit(Role.OFFICER, subject="officer-2")

    for path in (draft, f"{draft}/pages/1.png", job, f"{job}/files/1", f"{job}/files.zip"):
        assert (await console.get(path)).status_code == 404
    console.sit(Role.SYSTEM_ADMIN, subject="admin")
    assert (await console.get(HOME)).status_code == 403


async def test_a_file_whose_time_stamp_is_missing_says_so(console: Console) -> None:
    draft = await drafted(console, ("notice.pdf", minimal_pdf()))
    sealed = await console.post(
        draft, draft, seal=console.rooms.seal_id, place="lower-right", size="42", purpose="notice"
    )
    page = sealed.headers["location"]
    assert "ime stamp" not in (await console.get(page)).text, "none was wanted"

    for state, words in (("pending", "still missing"), ("done", "With a time stamp"), ("failed", "could not be added")):
        async with console.provider.database.transaction() as session:
            await session.execute(update(SealJobItemRow).values(time_stamp=state))
        assert words in (await console.get(page)).text


async def test_finding_the_level_of_a_pdf_is_chosen_in_the_form(console: Console) -> None:
    draft = await drafted(console, ("通知.pdf", minimal_pdf()))
    form = {"seal": console.rooms.seal_id, "place": "lower-right", "size": "42"}
    assert "For archives" in (await console.get(draft)).text

    refused = await console.post(draft, draft, **form, level="B-XL")
    sealed = await console.post(draft, draft, **form, level="B-LT")

    assert refused.status_code == 400
    assert sealed.status_code == 303, sealed.text
    data = (await console.get(f"{sealed.headers['location']}/files/1")).content
    assert b"/DSS" in data
