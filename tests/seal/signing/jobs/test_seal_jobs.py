"""`/api/v1/seal-jobs`: one file at once, many with progress, each of them once, for their sender alone."""

import json
import zipfile
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from kernel.errors import Unavailable
from seal.documents.ofd.package import OfdPackage
from seal.seals.records import SealUseRow
from seal.signing.intents.journal import LEASE
from seal.signing.intents.records import SealIntentRow
from seal.signing.jobs.records import SealJobItemRow, SealJobRow
from seal.signing.pressing.order import PressOrder
from seal.validation.report import Indication
from seal.validation.service import validate_document
from tests.seal.ofd_samples import minimal_ofd
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.world import OWNER, SealWorld

Files = list[tuple[str, bytes]]


async def send(world: SealWorld, files: Files, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
    parts = [("file", (name, data, "application/octet-stream")) for name, data in files]
    return await world.client.post("/api/v1/seal-jobs", data=fields, files=parts, headers=headers or world.user)


async def fetched(world: SealWorld, path: str) -> bytes:
    response = await world.client.get(path, headers=world.user)
    assert response.status_code == 200, response.text
    return response.content


async def passes(world: SealWorld, data: bytes) -> bool:
    report = validate_document(data, await world.services.publication.trust_store(), at=world.clock())
    return report.indication is Indication.PASSED


async def shown(world: SealWorld, job: dict[str, Any]) -> dict[str, Any]:
    response = await world.client.get(f"/api/v1/seal-jobs/{job['id']}", headers=world.user)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def uses(world: SealWorld) -> list[SealUseRow]:
    async with world.database.reading() as session:
        return list((await session.scalars(select(SealUseRow))).all())


def zipped(**files: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return buffer.getvalue()


@pytest.mark.parametrize("level", ["B-T", "B-LT", "B-LTA"])
async def test_a_pdf_is_sealed_at_the_level_that_is_asked_for(world: SealWorld, level: str) -> None:
    seal = await world.active_seal()
    response = await send(world, [("notice.pdf", minimal_pdf())], seal=seal["code"], level=level)
    assert response.status_code == 201, response.text

    sealed = await fetched(world, response.json()["file"])
    report = validate_document(sealed, await world.services.publication.trust_store(), at=world.clock())
    assert report.indication is Indication.PASSED
    assert report.signatures[0].time.source == "timestamp"
    assert (b"/DSS" in sealed, b"/DocTimeStamp" in sealed) == (level != "B-T", level == "B-LTA")


async def test_an_unknown_level_is_refused_by_name(world: SealWorld) -> None:
    seal = await world.active_seal()
    response = await send(world, [("notice.pdf", minimal_pdf())], seal=seal["code"], level="B-X")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "level")


async def test_a_small_file_is_sealed_while_one_waits(any_world: SealWorld) -> None:
    world = any_world
    seal = await world.active_seal()

    for name, data in (("通知.pdf", minimal_pdf()), ("notice.ofd", minimal_ofd())):
        response = await send(world, [(name, data)], seal=seal["code"], purpose="通知")
        job = response.json()
        assert (response.status_code, job["state"], job["done"]) == (201, "done", 1)
        assert response.headers["location"] == f"/api/v1/seal-jobs/{job['id']}"
        assert await shown(world, job) == job
        answer = await world.client.get(job["file"], headers=world.user)
        assert await passes(world, answer.content)
        assert answer.headers["cache-control"] == "no-store"
    assert "filename*=UTF-8''notice-sealed.ofd" in answer.headers["content-disposition"]
    assert {use.purpose for use in await uses(world)} == {"通知"}


async def test_a_sealed_page_can_be_looked_at(world: SealWorld) -> None:
    seal = await world.active_seal()

    for name, data in (("a.pdf", minimal_pdf()), ("b.ofd", minimal_ofd())):
        job = (await send(world, [(name, data)], seal=seal["id"])).json()
        pages = f"{job['file'].removesuffix('/file')}/files/0/pages"
        shown_page = await world.client.get(f"{pages}/1", headers=world.user)

        assert shown_page.headers["content-type"] == "image/png"
        assert red_pixels(shown_page.content) > 500
        for missing in ("2", "0", "x"):
            assert (await world.client.get(f"{pages}/{missing}", headers=world.user)).status_code in (404, 422, 400)


def red_pixels(picture: bytes) -> int:
    """How many pixels of a PNG have the colour of a seal."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    colours = image.getcolors(image.width * image.height) or []
    return sum(count for count, (red, green, blue) in colours if red > 150 > max(green, blue))  # type: ignore[misc] - RGB


async def test_many_files_and_archives_are_sealed_one_by_one_with_their_own_errors(world: SealWorld) -> None:
    seal = await world.active_seal()
    archive = zipped(a__pdf=minimal_pdf(), b__ofd=minimal_ofd(), readme__txt=b"not to be sealed")

    sent = await send(
        world,
        [("a.pdf", minimal_pdf(pages=2)), ("all.zip", archive), ("damaged.pdf", b"%PDF-1.7 nothing")],
        seal=seal["id"],
    )
    job = sent.json()
    assert (sent.status_code, job["state"], job["total"]) == (202, "waiting", 4)
    await world.services.jobs.runner.run_waiting()

    ended = await shown(world, job)
    assert (ended["state"], ended["done"], ended["failed"]) == ("done", 3, 1)
    assert [item["name"] for item in ended["items"]] == ["a.pdf", "a (2).pdf", "b.ofd", "damaged.pdf"]
    assert ended["items"][3]["error"]["code"] == "invalid-input"
    with zipfile.ZipFile(BytesIO(await fetched(world, ended["archive"]))) as sealed:
        assert sealed.namelist() == ["a.pdf", "a (2).pdf", "b.ofd"]
        assert sealed.testzip() is None
        assert sealed.read("a.pdf") == await fetched(world, ended["items"][0]["file"])
        assert all([await passes(world, sealed.read(name)) for name in sealed.namelist()])
    assert len(await uses(world)) == 3


async def test_a_key_leads_to_one_job_and_one_use(any_world: SealWorld) -> None:
    world = any_world
    seal = await world.active_seal()
    headers = {**world.user, "Idempotency-Key": "k-1"}

    first = await send(world, [("a.pdf", minimal_pdf())], headers, seal=seal["id"])
    again = await send(world, [("a.pdf", minimal_pdf())], headers, seal=seal["id"])
    other = await send(world, [("a.pdf", minimal_pdf(pages=2))], headers, seal=seal["id"])
    theirs = {**world.headers("colleague", "seal:use"), "Idempotency-Key": "k-1"}
    elsewhere = await send(world, [("a.pdf", minimal_pdf())], theirs, seal=seal["id"])

    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert (other.status_code, other.json()["type"]) == (409, "urn:xinyin:problem:conflict")
    assert elsewhere.json()["id"] != first.json()["id"]
    assert len(await uses(world)) == 2


async def test_what_failed_fails_again_the_same_way_for_its_key(world: SealWorld) -> None:
    seal = await world.active_seal()
    headers = {**world.user, "Idempotency-Key": "k-2"}
    placements = json.dumps([{"kind": "keyword", "text": "不在此处"}])

    answers = [
        await send(world, [("a.pdf", minimal_pdf())], headers, seal=seal["id"], placements=placements) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert {answer.json()["detail"] for answer in answers} == {"The document does not contain this keyword."}
    assert answers[0].json()["errors"][0]["field"] == "placements"
    assert await uses(world) == []


async def test_jobs_are_their_senders_alone(world: SealWorld) -> None:
    seal = await world.active_seal()
    job = (await send(world, [("a.pdf", minimal_pdf())], seal=seal["id"])).json()
    colleague = world.headers("colleague", "seal:use")

    for path in ("", "/file", "/files.zip", "/files/1", "/files/1/pages/1"):
        response = await world.client.get(f"/api/v1/seal-jobs/{job['id']}{path}", headers=colleague)
        assert response.status_code == 404
    assert (await world.client.delete(f"/api/v1/seal-jobs/{job['id']}", headers=colleague)).status_code == 404


async def test_nothing_about_a_job_is_readable_in_the_database_or_the_files(world: SealWorld) -> None:
    seal = await world.active_seal()
    placements = json.dumps([{"kind": "keyword", "text": "Licence"}])
    await send(world, [("王小明.pdf", minimal_pdf())], seal=seal["id"], placements=placements)

    async with world.database.reading() as session:
        job, item = (
            (await session.scalars(select(SealJobRow))).one(),
            (await session.scalars(select(SealJobItemRow))).one(),
        )
    assert "王小明".encode() not in (item.name or b"")
    assert b"Licence" not in job.wish
    blobs = [
        await world.foundations.blobs.get(reference) async for reference, _at in world.foundations.blobs.references()
    ]
    assert blobs
    assert all(b"%PDF" not in blob for blob in blobs)


async def test_a_cancelled_job_seals_nothing_more(world: SealWorld) -> None:
    seal = await world.active_seal()
    job = (await send(world, [("a.pdf", minimal_pdf()), ("b.pdf", minimal_pdf())], seal=seal["id"])).json()

    cancelled = await world.client.delete(f"/api/v1/seal-jobs/{job['id']}", headers=world.user)
    again = await world.client.delete(f"/api/v1/seal-jobs/{job['id']}", headers=world.user)
    await world.services.jobs.runner.run_waiting()

    assert (cancelled.status_code, cancelled.json()["state"], again.status_code) == (200, "cancelled", 409)
    assert (await shown(world, job))["done"] == 0
    assert await uses(world) == []


async def test_a_job_cancelled_while_its_file_is_sealed_lets_nothing_out(
    world: SealWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = await world.active_seal()
    press = world.services.signing._press
    job = (await send(world, [("a.pdf", minimal_pdf()), ("b.pdf", minimal_pdf())], seal=seal["id"])).json()

    class Cancelling:
        async def press(self, order: PressOrder) -> list[bytes]:
            sealed = await press.press(order)
            await world.client.delete(f"/api/v1/seal-jobs/{job['id']}", headers=world.user)
            return sealed

    monkeypatch.setattr(world.services.signing, "_press", Cancelling())
    await world.services.jobs.runner.run_waiting()

    assert (await shown(world, job))["state"] == "cancelled"
    assert await uses(world) == []
    async with world.database.reading() as session:
        assert {row.state for row in (await session.scalars(select(SealIntentRow))).all()} == {"failed"}


async def test_what_a_crash_interrupted_is_taken_over_and_sealed_once(
    any_world: SealWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = any_world
    seal = await world.active_seal()
    job = (await send(world, [("a.pdf", minimal_pdf()), ("b.pdf", minimal_pdf())], seal=seal["id"])).json()
    (first, _second) = await world.services.jobs.item_ids(job["id"])
    press = world.services.signing._press

    class EndOfProcess(BaseException):
        pass

    class Dying:
        async def press(self, order: PressOrder) -> list[bytes]:
            await press.press(order)
            raise EndOfProcess

    monkeypatch.setattr(world.services.signing, "_press", Dying())
    with pytest.raises(EndOfProcess):
        await world.services.jobs.runner.run_item(first)
    monkeypatch.undo()

    await world.services.jobs.runner.run_waiting()
    assert (await shown(world, job))["done"] == 1, "the lease of the first still runs"
    world.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert await world.services.intents.abandon_expired() == 0, "its job comes back for it"
    await world.services.jobs.runner.run_waiting()

    assert (await shown(world, job))["state"] == "done"
    assert len(await uses(world)) == 2
    async with world.database.reading() as session:
        rows = {row.id: row for row in (await session.scalars(select(SealIntentRow))).all()}
    assert (rows[first].state, rows[first].fence) == ("done", 2)


async def test_a_file_on_which_every_attempt_dies_is_given_up(
    world: SealWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = await world.active_seal()
    job = (await send(world, [("a.pdf", minimal_pdf()), ("b.pdf", b"%PDF-1.7")], seal=seal["id"])).json()
    (first, _second) = await world.services.jobs.item_ids(job["id"])

    class EndOfProcess(BaseException):
        pass

    class Dying:
        async def press(self, order: PressOrder) -> list[bytes]:
            raise EndOfProcess

    monkeypatch.setattr(world.services.signing, "_press", Dying())
    for _ in range(3):
        with pytest.raises(EndOfProcess):
            await world.services.jobs.runner.run_item(first)
        world.clock.advance(seconds=LEASE.total_seconds() + 1)
    await world.services.jobs.runner.run_waiting()

    ended = await shown(world, job)
    assert (ended["state"], ended["failed"]) == ("failed", 2)
    assert "half-way" in ended["items"][0]["error"]["detail"]


async def test_while_the_keys_are_away_files_wait_and_lose_nothing(
    world: SealWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = await world.active_seal()

    class Away:
        async def press(self, order: PressOrder) -> list[bytes]:
            raise Unavailable("The key store is away.")

    monkeypatch.setattr(world.services.signing, "_press", Away())
    sent = await send(world, [("a.pdf", minimal_pdf())], seal=seal["id"])
    for _ in range(5):
        with pytest.raises(Unavailable):
            await world.services.jobs.runner.run_waiting()
    monkeypatch.undo()
    assert (sent.status_code, (await shown(world, sent.json()))["state"]) == (202, "waiting")

    await world.services.jobs.runner.run_waiting()

    assert (await shown(world, sent.json()))["state"] == "done"
    assert len(await uses(world)) == 1


async def test_files_are_forgotten_when_their_time_is_over(world: SealWorld) -> None:
    seal = await world.active_seal()
    job = (await send(world, [("a.pdf", minimal_pdf())], seal=seal["id"])).json()
    world.clock.advance(days=8)

    assert await world.services.jobs.purge() == 1

    assert (await shown(world, job))["state"] == "expired"
    assert (await world.client.get(job["file"], headers=world.user)).status_code == 410
    assert [reference async for reference in world.foundations.blobs.references()] == []


async def test_a_suspended_seal_is_refused_before_anything_is_kept(world: SealWorld) -> None:
    seal = await world.active_seal()
    await world.client.post(f"/api/v1/seals/{seal['id']}/suspend", headers=world.approver)

    refused = await send(world, [("a.pdf", minimal_pdf())], seal=seal["id"])

    assert (refused.status_code, refused.json()["detail"]) == (409, "This seal is suspended.")
    assert (await world.events())[-1] == ("seal.use", "refused")


@pytest.mark.parametrize(
    ("files", "fields", "status", "words"),
    [
        ([("a.txt", b"text")], {}, 400, "a.txt is neither"),
        ([], {}, 400, "Choose a PDF"),
        ([("a.zip", b"PK\x03\x04")], {}, 400, ""),
        ([("a.zip", zipped(x__txt=b"x"))], {}, 400, "no PDF and no OFD"),
        ([("a.zip", zipped(x__pdf=b"%PDF-" + bytes(30_000_000)))], {}, 400, "suspicious size"),
        ([("a.zip", zipped(**{"../x__pdf": minimal_pdf()}))], {}, 400, "unsafe name"),
        ([("a.pdf", minimal_pdf())], {"level": "B-Z"}, 400, "levels"),
        ([("a.pdf", minimal_pdf())], {"purpose": "x" * 129}, 400, "at most 128"),
        ([("a.pdf", minimal_pdf())], {"placements": "{"}, 400, "list of places"),
        ([("a.pdf", minimal_pdf())], {"placements": '[{"kind": "x"}]'}, 400, "kinds of places"),
        ([(f"{n}.pdf", b"%PDF-") for n in range(201)], {}, 413, ""),
        ([("a.pdf", b"%PDF-" + bytes(21 * 1024 * 1024))], {}, 413, "20 MB"),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused_with_what_is_wrong(
    world: SealWorld, files: Files, fields: dict[str, str], status: int, words: str
) -> None:
    response = await send(world, files, seal="x", **fields)

    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert words in response.text


async def test_too_much_at_once_is_put_off(world: SealWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    seal = await world.active_seal()
    monkeypatch.setattr("seal.signing.jobs.service.MOST_WAITING", 2)
    pair = [("a.pdf", minimal_pdf()), ("b.pdf", minimal_pdf())]

    accepted, refused = await send(world, pair, seal=seal["id"]), await send(world, pair, seal=seal["id"])

    assert (accepted.status_code, refused.status_code) == (202, 429)
    assert int(refused.headers["retry-after"]) > 0


async def test_a_riding_seal_and_a_keyword_in_one_job(world: SealWorld) -> None:
    seal = await world.active_seal()
    placements = json.dumps([{"kind": "keyword", "text": "执照", "occurrence": "last"}, {"kind": "riding"}])

    job = (await send(world, [("a.ofd", minimal_ofd(pages=3))], seal=seal["id"], placements=placements)).json()

    sealed = OfdPackage.read(await fetched(world, job["file"]))
    (signature,) = [name for name in sealed.files if name.endswith("Signature.xml")]
    assert sealed.files[signature].count(b"StampAnnot ") == 4


async def test_who_acts_for_no_organisation_or_lacks_the_scope_may_not(world: SealWorld) -> None:
    seal = await world.active_seal()
    for headers in (
        world.headers("x", "seal:use", organisation=None),
        world.headers("x", "seal:apply", organisation=OWNER),
    ):
        assert (await send(world, [("a.pdf", minimal_pdf())], headers, seal=seal["id"])).status_code == 403
