"""The steps of the story, each walked once: a test asks for those that it speaks of."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.demo_house import Demo
from tests.flows.browser import Browser
from tests.flows.people import (
    CITIZEN_HANDLE,
    CITIZEN_NAME,
    CITIZEN_NUMBER,
    Agency,
    sign_in_by_password,
    sign_in_by_wechat,
)
from tests.flows.relying_party import RelyingParty
from tests.flows.words import zh


@dataclass(frozen=True)
class Revocation:
    """A licence that was shown, and then revoked: the code's address, its intact files, and what a third party saw."""

    licence: dict[str, Any]
    code_url: str
    files: dict[str, bytes]
    before: dict[str, Any]
    after: dict[str, Any]
    heading_after: str


@pytest.fixture(scope="session")
def citizen(demo: Demo) -> Iterator[Browser]:
    """Signed in by WeChat; real name confirmed."""
    with sign_in_by_wechat(demo, CITIZEN_HANDLE) as browser:
        browser.open(f"{demo.base_url}/me/licences").click(zh("Confirm who I am"))
        browser.submit({"name": CITIZEN_NAME, "id_number": CITIZEN_NUMBER})
        assert browser.status == 200, browser.text
        yield browser


@pytest.fixture(scope="session")
def officer(demo: Demo) -> Iterator[Browser]:
    """Signed in by password and one-time code, at the console."""
    with sign_in_by_password(demo, "officer", "/console") as browser:
        yield browser


@pytest.fixture(scope="session")
def agency(demo: Demo) -> Agency:
    """The agency's program, with a token."""
    return Agency(demo)


@pytest.fixture(scope="session")
def third_party() -> Iterator[Browser]:
    """Somebody without an account."""
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def files(demo: Demo, agency: Agency, citizen: Browser, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What the citizen downloads from the page of a new licence, which is among their cards: the OFD and the PDF."""
    licence = agency.issue()
    citizen.open(f"{demo.base_url}/me/licences")
    (address,) = citizen.page.xpath(f"//article//h3/a[contains(@href, '{licence['id']}')]/@href")
    citizen.open(f"{demo.base_url}{address}")
    folder = tmp_path_factory.mktemp("downloads")
    paths = {format: folder / f"licence.{format}" for format in ("ofd", "pdf")}
    for format, path in paths.items():
        path.write_bytes(citizen.download(zh(f"Download {format.upper()}")))
    return paths


@pytest.fixture(scope="session")
def console_licence(demo: Demo, officer: Browser) -> str:
    """The id of a licence that the officer issues to the company by the console's form."""
    code = demo.licence_type("食品经营许可证")["code"]
    officer.open(f"{demo.base_url}/console/licences/new").click("食品经营许可证")
    officer.open(f"{demo.base_url}/console/licences/new?type={code}&example=yes")
    company = demo.licence_type("食品经营许可证")["example"]["holder"]
    fields = {"holder.id_type": "001", "holder.number": company["number"], "holder.name": company["name"]}
    officer.submit(fields, zh("Issue"))
    assert officer.address.endswith("?done=issue"), officer.text
    return officer.address.rsplit("/", 1)[1].removesuffix("?done=issue")


@pytest.fixture(scope="session")
def revocation(demo: Demo, agency: Agency, citizen: Browser, third_party: Browser) -> Revocation:
    """The citizen shows a new licence to a third party, then the agency revokes it."""
    licence = agency.issue()
    files = {format: agency.file(licence["id"], format) for format in ("ofd", "pdf")}
    url = show_code(demo, citizen, licence["id"])
    before = third_party.http.get(url, headers={"Accept": "application/json"}).json()
    answer = agency.revoke(licence["id"], "持证人申请注销")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "revoked"
    # At once: a code lapses after two minutes.
    after = third_party.http.get(url, headers={"Accept": "application/json"}).json()
    return Revocation(licence, url, files, before, after, third_party.open(url).heading)


@pytest.fixture(scope="session")
def relying_party(demo: Demo) -> Iterator[RelyingParty]:
    """A website of somebody else, which takes the demo's people in."""
    with pytest.MonkeyPatch.context() as patched:
        # Plain HTTP is for a demo on this machine alone, so oauthlib has to be told.
        patched.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        yield RelyingParty(demo)


@pytest.fixture(scope="session")
def tokens(relying_party: RelyingParty, citizen: Browser) -> dict[str, Any]:
    """What the relying party receives when the signed-in citizen comes by."""
    return relying_party.sign_in(citizen)


def show_code(demo: Demo, citizen: Browser, licence_id: str, *shows: str) -> str:
    """The address in the code that the citizen shows."""
    citizen.open(f"{demo.base_url}/me/licences/{licence_id}/present")
    citizen.submit({"shows": shows[0]} if shows else {}, zh("Show the code"))
    assert citizen.status == 200, citizen.text
    (url,) = citizen.page.xpath("//a[@data-presentation-code]/@href")
    return str(url)
