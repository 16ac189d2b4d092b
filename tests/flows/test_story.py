"""The story of the product, over HTTP, step by step as each person walks it; docs/flows/ tells it in words."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.demo_house import Demo, new_key
from tests.flows.browser import Browser
from tests.flows.conftest import Revocation, show_code
from tests.flows.people import CITIZEN_NAME, CITIZEN_NUMBER, FOOD, Agency, sign_in_by_password, sign_in_by_wechat
from tests.flows.relying_party import RelyingParty
from tests.flows.words import zh

pytestmark = pytest.mark.xdist_group("demo")

JSON = {"Accept": "application/json"}


class TestTheCitizenSignsIn:
    def test_wechat_leads_back_signed_in(self, demo: Demo) -> None:
        with sign_in_by_wechat(demo, "chen") as browser:
            assert (browser.status, browser.address) == (200, f"{demo.base_url}/")
            assert "晚晴" in browser.heading

    def test_the_same_person_finds_the_same_account_again(self, demo: Demo, citizen: Browser) -> None:
        people = len(json.loads(demo.run("user", "list", "--json").stdout))
        with sign_in_by_wechat(demo, "lin") as again:
            again.open(f"{demo.base_url}/me/licences")
            assert FOOD in again.text
        assert len(json.loads(demo.run("user", "list", "--json").stdout)) == people

    def test_somebody_else_gets_an_account_of_their_own(self, demo: Demo, citizen: Browser) -> None:
        with sign_in_by_wechat(demo, "he") as browser:
            browser.open(f"{demo.base_url}/me/licences")
            assert zh("First confirm who you are") in browser.text

    def test_the_real_name_is_shown_masked(self, demo: Demo, citizen: Browser) -> None:
        citizen.open(f"{demo.base_url}/account")
        assert zh("Real name confirmed") in citizen.text
        assert CITIZEN_NUMBER not in citizen.response.text
        assert CITIZEN_NUMBER[-4:] in citizen.text


class TestTheCitizensLicences:
    def test_they_appear_as_cards(self, demo: Demo, citizen: Browser) -> None:
        citizen.open(f"{demo.base_url}/me/licences")
        assert FOOD in citizen.text
        assert CITIZEN_NUMBER not in citizen.response.text
        assert citizen.page.xpath("//article//img/@src")

    def test_the_card_shows_the_face(self, demo: Demo, citizen: Browser) -> None:
        citizen.open(f"{demo.base_url}/me/licences")
        (picture, *_) = citizen.page.xpath("//article//img/@src")
        answer = citizen.http.get(f"{demo.base_url}{picture}")
        assert answer.headers["content-type"] == "image/png"
        assert answer.content.startswith(b"\x89PNG")

    def test_both_files_are_what_their_names_say(self, files: dict[str, Path]) -> None:
        assert files["ofd"].read_bytes().startswith(b"PK")
        assert files["pdf"].read_bytes().startswith(b"%PDF-")

    def test_nobody_else_can_open_them(self, demo: Demo, agency: Agency) -> None:
        licence = agency.issue()
        with sign_in_by_wechat(demo, "he") as stranger:
            assert stranger.open(f"{demo.base_url}/me/licences/{licence['id']}").status == 404
            file = stranger.http.get(f"{demo.base_url}/api/v1/licences/{licence['id']}/file?format=pdf", headers=JSON)
            assert file.status_code == 404


class TestVerifyingOnTheCommandLine:
    """With the trust folder alone: no server is asked."""

    @pytest.mark.parametrize("format", ["ofd", "pdf"])
    def test_an_intact_file_passes(self, demo: Demo, files: dict[str, Path], format: str) -> None:
        done = demo.run("verify", files[format], "--trust", "var/trust", "--json")
        report = json.loads(done.stdout)
        assert (done.returncode, report["indication"], report["code"]) == (0, "TOTAL-PASSED", 0), done.stderr
        digest = hashlib.sha256(files[format].read_bytes()).hexdigest()
        assert report["document"] == {"format": format, "digest": f"sha256:{digest}"}
        kinds = {each["kind"] for each in report["signatures"]}
        assert kinds == {"SES" if format == "ofd" else "PAdES"}
        for signature in report["signatures"]:
            assert signature["indication"] == "TOTAL-PASSED"
            assert signature["covers_whole_document"] is True
            assert signature["signer"]
            assert {"value", "source"} <= set(signature["time"])
            assert all({"name", "result", "detail"} <= set(check) for check in signature["checks"])

    @pytest.mark.parametrize("format", ["ofd", "pdf"])
    def test_one_changed_byte_is_refused_with_the_reason(
        self, demo: Demo, files: dict[str, Path], format: str, tmp_path: Path
    ) -> None:
        changed = tmp_path / f"changed.{format}"
        changed.write_bytes(with_one_byte_changed(files[format].read_bytes(), 0.5))
        done = demo.run("verify", changed, "--trust", "var/trust")
        assert done.returncode == 1, done.stdout
        assert "TOTAL-PASSED" not in done.stdout
        assert "✗" in done.stdout or "?" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr

    def test_the_code_on_the_licence_is_verified_from_its_text(self, demo: Demo) -> None:
        done = demo.run("verify", demo.description["licences"][0]["qr"], "--trust", "var/trust", "--json")
        report = json.loads(done.stdout)
        assert (done.returncode, report["indication"]) == (0, "TOTAL-PASSED"), done.stderr


class TestVerifyingAtTheService:
    @pytest.mark.parametrize("format", ["ofd", "pdf"])
    def test_an_uploaded_file_passes(self, demo: Demo, files: dict[str, Path], format: str) -> None:
        report = upload(demo, files[format].read_bytes(), format)
        assert (report["indication"], report["code"]) == ("TOTAL-PASSED", 0)
        assert report["licence"]["status"] == "valid"
        assert CITIZEN_NUMBER not in json.dumps(report, ensure_ascii=False)
        assert report["receipt"].count(".") == 2

    def test_the_page_says_the_same(self, demo: Demo, files: dict[str, Path], third_party: Browser) -> None:
        third_party.open(f"{demo.base_url}/verify")
        third_party.submit({}, zh("Check"), {"file": ("licence.pdf", files["pdf"].read_bytes(), "application/pdf")})
        assert third_party.status == 200
        assert third_party.page.xpath("//section[contains(@class, 'verdict--valid')]")
        assert FOOD in third_party.text

    @pytest.mark.parametrize("format", ["ofd", "pdf"])
    @pytest.mark.parametrize("place", [0.02, 0.3, 0.6, 0.97])
    def test_one_changed_byte_anywhere_is_refused(
        self, demo: Demo, files: dict[str, Path], format: str, place: float
    ) -> None:
        report = upload(demo, with_one_byte_changed(files[format].read_bytes(), place), format)
        assert report["indication"] in ("TOTAL-FAILED", "INDETERMINATE")
        assert report["sub_indication"]
        assert report["reason"]
        assert report["code"] != 0


class TestShowingALicence:
    def test_a_third_party_without_account_sees_that_it_is_valid(
        self, demo: Demo, citizen: Browser, agency: Agency, third_party: Browser
    ) -> None:
        url = show_code(demo, citizen, agency.issue()["id"])
        third_party.open(url)
        assert third_party.status == 200
        assert third_party.heading == zh("Valid")
        assert zh("What was checked") in third_party.text
        assert CITIZEN_NAME not in third_party.text
        verdict = third_party.http.get(url, headers=JSON).json()
        assert (verdict["state"], verdict["code"]) == ("valid", 0)
        assert verdict["licence"]["issuing_authority"]["uscc"] == "11999999000010022Q"
        assert verdict["checks"]

    def test_what_the_holder_chose_is_shown_and_nothing_else(
        self, demo: Demo, citizen: Browser, agency: Agency, third_party: Browser
    ) -> None:
        url = show_code(demo, citizen, agency.issue()["id"], "holder_name")
        verdict = third_party.http.get(url, headers=JSON).json()
        assert verdict["licence"]["disclosed"] == {"holder_name": CITIZEN_NAME}
        assert CITIZEN_NUMBER not in json.dumps(verdict, ensure_ascii=False)

    def test_the_holder_sees_that_somebody_looked(
        self, demo: Demo, citizen: Browser, agency: Agency, third_party: Browser
    ) -> None:
        licence = agency.issue()
        third_party.open(show_code(demo, citizen, licence["id"]))
        citizen.open(f"{demo.base_url}/me/licences/{licence['id']}")
        assert zh("Somebody scanned the code that you showed") in citizen.text

    def test_the_static_code_is_upper_case_and_opens_the_same_licence(self, demo: Demo, third_party: Browser) -> None:
        licence = demo.description["licences"][0]
        address = licence["qr"].partition("#")[0]
        assert address == address.upper()
        path = address[len(demo.base_url) :]
        verdict = third_party.http.get(f"{demo.base_url}{path}", headers=JSON).json()
        assert verdict["licence"]["identifier"] == licence["identifier"]


class TestTheOfficerIssues:
    def test_by_the_form_of_the_console(
        self, demo: Demo, officer: Browser, console_licence: str, agency: Agency
    ) -> None:
        issued = agency.http.get(f"/api/v1/licences/{console_licence}").json()
        assert (issued["status"], issued["holder"]["kind"], issued["type_name"]) == ("valid", "legal", FOOD)
        officer.open(f"{demo.base_url}/console/licences")
        assert FOOD in officer.text

    def test_by_the_interface_for_programs(self, demo: Demo, agency: Agency, third_party: Browser) -> None:
        issued = agency.issue()
        assert set(issued) >= {
            "id", "identifier", "version", "status", "type", "issued_at", "files", "qr", "content_digest",
        }  # fmt: skip
        assert (issued["status"], issued["version"]) == ("valid", 1)
        for format, url in issued["files"].items():
            assert url.startswith(demo.base_url)
            assert upload(demo, agency.http.get(url).content, format)["indication"] == "TOTAL-PASSED"

    def test_the_same_key_and_body_give_the_same_answer(self, demo: Demo, agency: Agency) -> None:
        body, key = agency.order(), new_key()
        first = agency.post(body, key)
        counts = demo.row_counts("vault_")
        second = agency.post(body, key)
        assert (first.status_code, second.status_code) == (201, 201)
        assert second.json() == first.json()
        assert demo.row_counts("vault_") == counts

    def test_the_same_key_with_another_body_is_refused(self, demo: Demo, agency: Agency) -> None:
        body, key = agency.order(), new_key()
        agency.post(body, key)
        counts = demo.row_counts("vault_")
        refusal = agency.post(body | {"valid_to": None}, key)
        assert refusal.status_code == 409
        assert refusal.headers["content-type"] == "application/problem+json"
        assert demo.row_counts("vault_") == counts


class TestTheOfficerRevokes:
    def test_the_next_look_says_so_at_once(self, revocation: Revocation) -> None:
        assert revocation.before["state"] == "valid"
        assert (revocation.after["state"], revocation.after["code"]) == ("revoked", 3)
        assert revocation.after["licence"]["status_cause"] == "持证人申请注销"
        assert revocation.heading_after == zh("Revoked")

    @pytest.mark.parametrize("format", ["ofd", "pdf"])
    def test_the_intact_file_fails_as_revoked(self, demo: Demo, revocation: Revocation, format: str) -> None:
        report = upload(demo, revocation.files[format], format)
        assert (report["indication"], report["sub_indication"]) == ("TOTAL-FAILED", "REVOKED")
        assert report["licence"]["status"] == "revoked"

    def test_the_citizen_sees_it_and_cannot_show_it_any_more(
        self, demo: Demo, revocation: Revocation, citizen: Browser
    ) -> None:
        page = f"{demo.base_url}/me/licences/{revocation.licence['id']}"
        citizen.open(page)
        assert zh("Revoked") in citizen.text
        citizen.open(f"{page}/present")
        if citizen.status == 200:
            citizen.submit({}, zh("Show the code"))
        assert citizen.status == 410
        assert "data-presentation-code" not in citizen.response.text

    def test_it_cannot_be_taken_back(self, agency: Agency, revocation: Revocation) -> None:
        answer = agency.http.post(f"/api/v1/licences/{revocation.licence['id']}/resume")
        assert answer.status_code == 409


class TestOtherPlacesToSignIn:
    def test_a_relying_party_gets_the_same_citizen_without_a_second_login(
        self, demo: Demo, relying_party: RelyingParty, tokens: dict[str, Any], agency: Agency
    ) -> None:
        assert not [step for step in tokens["way"] if "/login?" in step or "/login/wechat" in step]
        assert tokens["claims"]["nonce"] == "n-0S6_WzA2Mj"
        assert tokens["claims"]["name"] == "小满"
        userinfo = relying_party.userinfo()
        assert userinfo["sub"] == tokens["claims"]["sub"]
        assert CITIZEN_NUMBER not in json.dumps([userinfo, tokens["claims"]])

    def test_the_second_time_nothing_is_asked(self, demo: Demo, tokens: dict[str, Any], citizen: Browser) -> None:
        again = RelyingParty(demo).sign_in(citizen)
        assert again["claims"]["sub"] == tokens["claims"]["sub"]
        assert len(again["way"]) <= 3, again["way"]

    def test_an_unmodified_application_opens_without_a_second_login(self, demo: Demo) -> None:
        (library,) = demo.description["apps"]
        with sign_in_by_password(demo, library["credentials_of"]) as browser:
            browser.open(f"{demo.base_url}/me/apps").click(library["name"])
            assert browser.status == 200
            assert browser.address.startswith(library["url"])
            assert not browser.page.xpath("//input[@type='password']")
            assert browser.page.xpath("//a[contains(@href, 'logout')]"), browser.text
            assert "reader" in browser.response.text

    def test_the_application_itself_lets_nobody_in(self, demo: Demo) -> None:
        (library,) = demo.description["apps"]
        with Browser() as stranger:
            stranger.open(library["url"])
            assert stranger.address.startswith(f"{demo.base_url}/login")


class TestTheTrail:
    def test_every_step_stands_in_it_and_the_chain_holds(
        self, demo: Demo, citizen: Browser, console_licence: str, revocation: Revocation, tokens: dict[str, Any]
    ) -> None:
        done = demo.run("audit", "verify")
        assert done.returncode == 0, done.stdout + done.stderr
        events = [json.loads(line) for line in demo.run("audit", "export").stdout.splitlines()]
        actions = {event["action"] for event in events}
        assert actions >= {"licence.issue", "licence.present", "licence.revoke"}
        assert any(event["subject_ref"] == f"licence:{console_licence}" for event in events)
        revoked = [event for event in events if event["action"] == "licence.revoke"]
        assert f"licence:{revocation.licence['id']}" in {event["subject_ref"] for event in revoked}
        assert all(event["actor_id"] for event in revoked)

    def test_an_event_changed_behind_its_back_is_found(self, demo: Demo, tmp_path: Path) -> None:
        copy = tmp_path / "copy.db"
        with (
            closing(sqlite3.connect(demo.var / "xinyin.db")) as original,
            closing(sqlite3.connect(copy, isolation_level=None)) as database,
        ):
            original.backup(database)
            for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                database.execute(f"DROP TRIGGER {trigger}")
            database.execute("UPDATE audit_event SET outcome = 'refused' WHERE sequence = 7")
        done = demo.run("audit", "verify", XINYIN_DATABASE_URL=f"sqlite+aiosqlite:///{copy}")
        assert done.returncode == 1, done.stdout + done.stderr
        assert "BROKEN at event 7" in done.stdout

    def test_the_transparency_log_holds(self, demo: Demo, revocation: Revocation) -> None:
        assert demo.run("log", "check").returncode == 0
        proof = demo.run("log", "prove", revocation.licence["id"])
        assert proof.returncode == 0, proof.stderr
        assert json.loads(proof.stdout)


def upload(demo: Demo, data: bytes, format: str) -> dict[str, Any]:
    """The service's report on a file."""
    answer = httpx.post(
        f"{demo.base_url}/api/v1/verifications",
        files={"file": (f"licence.{format}", data, "application/octet-stream")},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def with_one_byte_changed(data: bytes, place: float) -> bytes:
    """One byte turned over, `place` of the way through the file."""
    at = int(len(data) * place)
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
