"""After the story: whoever copies the database, the files or the log has nobody's number, name, password or token."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.demo_house import Demo
from tests.flows.browser import Browser
from tests.flows.conftest import Revocation
from tests.flows.people import CITIZEN_NAME, CITIZEN_NUMBER, Agency
from xinyin.demo.people import ACCOUNTS
from xinyin.sandbox.people import PEOPLE

pytestmark = pytest.mark.xdist_group("demo")

STAYS_OUTSIDE = ("demo.json", "legacy", "master.key")
"""The demo's description, which is said to hold its passwords; the foreign application's own data; the key of all."""


def kept(demo: Demo) -> Iterator[tuple[str, bytes]]:
    """Everything that the service has written: database with its journal, blobs, keys, trust folder, log."""
    for path in sorted(demo.var.rglob("*")):
        relative = path.relative_to(demo.var)
        if path.is_file() and relative.parts[0] not in STAYS_OUTSIDE:
            yield str(relative), path.read_bytes()
    yield "log", demo.log.encode()


def spellings(secret: str) -> set[bytes]:
    """How a text may stand in a file: as it is, in JSON, in an address, in UTF-16."""
    texts = {secret, json.dumps(secret)[1:-1], quote(secret)}
    return {text.encode() for text in texts} | {secret.encode("utf-16-be"), secret.encode("utf-16-le")}


def found(demo: Demo, secrets: Mapping[str, str]) -> set[tuple[str, str]]:
    """Which of the secrets (by what they are) stand in which file."""
    files = list(kept(demo))
    return {
        (what, name)
        for what, secret in secrets.items()
        for spelling in spellings(secret)
        for name, data in files
        if spelling in data
    }


@pytest.fixture(autouse=True)
def after_the_story(
    citizen: Browser, console_licence: str, revocation: Revocation, tokens: dict[str, Any], files: dict[str, Path]
) -> None:
    """Somebody has signed in, was checked, was issued licences, showed them, went elsewhere."""


def test_the_search_finds_what_is_there(demo: Demo) -> None:
    """It would find plain data: what is public stands in the database."""
    places = found(demo, {"agency": "虚构市市场监督管理局"})
    assert {name for _what, name in places} & {"xinyin.db", "xinyin.db-wal"}


def test_no_id_number(demo: Demo) -> None:
    numbers = {person.name: person.id_number for person in PEOPLE}
    numbers |= {account.role: account.id_number for account in ACCOUNTS if account.id_number}
    assert found(demo, numbers | {"citizen": CITIZEN_NUMBER}) == set()


def test_no_real_name(demo: Demo) -> None:
    names = {each.handle: each.name for each in PEOPLE} | {
        each.role: each.real_name for each in ACCOUNTS if each.id_number
    }
    assert found(demo, names | {"story": CITIZEN_NAME}) == set()


def test_nothing_that_a_licence_says(demo: Demo, agency: Agency) -> None:
    order = agency.order()
    said = {"legal_representative": "欧阳未见", "residence": "虚构市无名巷七十七号", "complaint_phone": "13800005678"}
    licence = agency.issue(fields={**order["fields"], **said})
    assert agency.http.get(f"/api/v1/licences/{licence['id']}").json()["fields"].items() >= said.items()
    assert found(demo, said) == set()


def test_no_password_and_no_second_factor(demo: Demo) -> None:
    accounts = demo.description["accounts"]
    secrets = {f"{each['role']} password": each["password"] for each in accounts}
    secrets |= {f"{each['role']} totp": each["totp_secret"] for each in accounts if "totp_secret" in each}
    assert found(demo, secrets) == set()


def test_no_client_secret(demo: Demo) -> None:
    assert found(demo, {each["role"]: each["client_secret"] for each in demo.description["clients"]}) == set()


def test_no_token_and_no_code(demo: Demo, agency: Agency, tokens: dict[str, Any], revocation: Revocation) -> None:
    secrets = {name: tokens["tokens"][name] for name in ("access_token", "refresh_token", "id_token")}
    secrets |= {"agency's token": agency.token, "presentation": revocation.code_url.rsplit("/", 1)[1]}
    assert found(demo, secrets) == set()


def test_no_session_of_a_browser(demo: Demo, citizen: Browser, officer: Browser) -> None:
    cookies = [*citizen.http.cookies.jar, *officer.http.cookies.jar]
    secrets = {cookie.name: cookie.value or "" for cookie in cookies if len(cookie.value or "") >= 16}
    assert secrets
    assert found(demo, secrets) == set()


def test_every_line_of_the_log_names_its_request_or_the_service(demo: Demo) -> None:
    lines = [json.loads(line) for line in demo.log.splitlines() if line.startswith("{")]
    requests = [line for line in lines if line.get("event") == "request"]
    assert requests
    assert all(line["request_id"] and "?" not in line["route"] for line in requests)
