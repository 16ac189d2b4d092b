"""Every door of the story answers bad input with a clear text, and nothing is half-made behind it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from tests.demo_house import Demo, new_key
from tests.flows.browser import Browser
from tests.flows.people import CITIZEN_NAME, FOOD, Agency, sign_in_by_wechat
from tests.flows.relying_party import RelyingParty
from tests.flows.words import zh

pytestmark = pytest.mark.xdist_group("demo")

CHINESE = re.compile("[\u4e00-\u9fff]")
PAGE = {"Accept": "text/html", "Accept-Language": "zh-CN"}
PROGRAM = {"Accept": "application/json", "Accept-Language": "zh-CN"}
PATIENT = 60


@contextmanager
def nothing_made(demo: Demo, *prefixes: str) -> Iterator[None]:
    """Neither rows nor files are more, or fewer, after the block."""
    prefixes = prefixes or ("vault_", "seal_")
    before = demo.row_counts(*prefixes)
    yield
    assert demo.row_counts(*prefixes) == before


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The RFC 9457 document of a refusal, which says in Chinese what is wrong."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["type"].startswith("urn:xinyin:problem:")
    assert CHINESE.search(document["title"]), document
    assert CHINESE.search(document["detail"]), document
    assert "Traceback" not in answer.text
    return document


def readable_page(answer: httpx.Response, status: int) -> str:
    """The one heading of an error page."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "Traceback" not in answer.text
    (heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", answer.text, re.DOTALL)
    assert CHINESE.search(heading), heading
    return str(heading)


def holder(kind: str, id_type: str, number: str, name: str) -> dict[str, Any]:
    """The change of an order that gives it another holder."""
    return {"holder": {"kind": kind, "id_type": id_type, "number": number, "name": name}}


@pytest.fixture
def program(agency: Agency) -> httpx.Client:
    """The agency's HTTP client, asking for Chinese."""
    agency.http.headers["Accept-Language"] = "zh-CN"
    return agency.http


class TestOrders:
    """`POST /api/v1/licences`."""

    @pytest.mark.parametrize(
        "change, field",
        [
            (holder("natural", "111", "110101199003070012", "林小满"), "holder.number"),
            (holder("legal", "001", "91999999MA02DE34X0", "虚构公司"), "holder.number"),
            (holder("legal", "111", "110101199003070011", "林小满"), "holder.kind"),
            (holder("natural", "111", "110101199003070011", " "), "holder.name"),
            ({"fields": {}}, "fields.licence_number"),
            ({"colour": "red"}, "colour"),
            ({"valid_from": "tomorrow"}, "valid_from"),
            ({"valid_from": "2026-11-21", "valid_to": "2020-01-01"}, "valid_to"),
        ],
    )
    def test_the_wrong_entry_is_named(
        self, demo: Demo, agency: Agency, program: httpx.Client, change: dict[str, Any], field: str
    ) -> None:
        with nothing_made(demo):
            document = problem(agency.post(agency.order(**change), new_key()), 400)
        errors = {each["field"]: each["detail"] for each in document["errors"]}
        assert CHINESE.search(errors[field]), errors

    def test_an_unknown_field_of_the_type_is_named(self, demo: Demo, agency: Agency, program: httpx.Client) -> None:
        order = agency.order()
        with nothing_made(demo):
            document = problem(agency.post(order | {"fields": {**order["fields"], "colour": "red"}}, new_key()), 400)
        assert [each["field"] for each in document["errors"]] == ["fields.colour"]

    def test_an_unknown_type_is_refused(self, demo: Demo, agency: Agency, program: httpx.Client) -> None:
        with nothing_made(demo):
            answer = agency.post(agency.order(type="11990000MB0000000J999"), new_key())
        problem(answer, answer.status_code)
        assert answer.status_code in (400, 404)

    def test_a_refused_order_does_not_use_its_key_up(self, demo: Demo, agency: Agency, program: httpx.Client) -> None:
        key = new_key()
        problem(agency.post(agency.order(colour="red"), key), 400)
        assert agency.post(agency.order(), key).status_code == 201

    @pytest.mark.parametrize(
        "body", [b'{"type": ', b"[1, 2]", b"", b"\xff\xfe", b"nonsense"], ids=["cut", "list", "empty", "bytes", "text"]
    )
    def test_what_is_no_object_of_json_is_refused(self, demo: Demo, program: httpx.Client, body: bytes) -> None:
        with nothing_made(demo):
            problem(program.post("/api/v1/licences", content=body, headers={"Content-Type": "application/json"}), 400)

    def test_a_body_beyond_the_limit_is_refused(self, demo: Demo, agency: Agency, program: httpx.Client) -> None:
        with nothing_made(demo):
            answer = agency.post(agency.order(fields={"premises": "长" * 300_000}), new_key())
        problem(answer, answer.status_code)
        assert answer.status_code in (400, 413)

    def test_an_overlong_key_is_refused(self, demo: Demo, agency: Agency, program: httpx.Client) -> None:
        with nothing_made(demo):
            problem(agency.post(agency.order(), "k" * 201), 400)


class TestWhoAsks:
    def test_without_a_token(self, demo: Demo, agency: Agency) -> None:
        with nothing_made(demo):
            answer = httpx.post(f"{demo.base_url}/api/v1/licences", json=agency.order(), headers=PROGRAM)
        problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")

    def test_with_a_token_that_we_did_not_make(self, demo: Demo, agency: Agency) -> None:
        head, body, _signature = agency.token.split(".")
        forged = {**PROGRAM, "Authorization": f"Bearer {head}.{body}.{'A' * 86}"}
        with nothing_made(demo):
            problem(httpx.post(f"{demo.base_url}/api/v1/licences", json=agency.order(), headers=forged), 401)

    def test_with_a_token_of_another_scope(self, demo: Demo, agency: Agency) -> None:
        machine = Agency(demo, "machine", "licence:read")
        machine.http.headers["Accept-Language"] = "zh-CN"
        with nothing_made(demo):
            answer = machine.post(agency.order(), new_key())
        problem(answer, 403)

    def test_a_client_cannot_take_a_scope_that_it_was_not_given(self, demo: Demo) -> None:
        client = demo.client("machine")
        answer = httpx.post(
            f"{demo.base_url}/oauth2/token",
            data={"grant_type": "client_credentials", "scope": "licence:issue"},
            auth=(client["client_id"], client["client_secret"]),
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")

    def test_a_wrong_client_secret(self, demo: Demo) -> None:
        answer = httpx.post(
            f"{demo.base_url}/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=("demo-agency", "not the secret"),
        )
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")

    def test_an_authorization_code_counts_once(
        self, demo: Demo, relying_party: RelyingParty, tokens: dict[str, Any], citizen: Browser
    ) -> None:
        other = RelyingParty(demo)
        other.sign_in(citizen)
        with pytest.raises(InvalidGrantError):
            other.redeem(other.code_url)

    def test_tokens_of_a_code_used_twice_are_taken_back(
        self, demo: Demo, relying_party: RelyingParty, tokens: dict[str, Any], citizen: Browser
    ) -> None:
        other = RelyingParty(demo)
        token = other.sign_in(citizen)["tokens"]["access_token"]
        with pytest.raises(InvalidGrantError):
            other.redeem(other.code_url)
        userinfo = other.endpoints["userinfo_endpoint"]
        assert httpx.get(userinfo, headers={"Authorization": f"Bearer {token}"}).status_code == 401


class TestSigningIn:
    def test_refusing_at_wechat_leads_back_with_a_way_on(self, demo: Demo) -> None:
        with (
            nothing_made(demo, "idp_person", "idp_external_identity"),
            sign_in_by_wechat(demo, "wu", "拒绝") as browser,
        ):
            assert browser.address.startswith(demo.base_url)
            assert CHINESE.search(browser.heading)
            assert browser.page.xpath("//a[contains(@href, '/login')]")
            browser.open(f"{demo.base_url}/account")
            assert "/login" in browser.address

    def test_an_answer_of_wechat_given_again_changes_nothing(self, demo: Demo) -> None:
        with sign_in_by_wechat(demo, "chen") as browser:
            callback = next(step for step in browser.way if "/login/wechat/callback?" in step)
            with nothing_made(demo, "idp_person", "idp_external_identity"):
                browser.open(callback)
            assert (browser.status, browser.address) == (200, f"{demo.base_url}/")

    def test_an_answer_of_wechat_counts_in_the_browser_that_asked(self, demo: Demo) -> None:
        with Browser() as victim, Browser() as attacker:
            attacker.stops = (f"{demo.base_url}/login/wechat/callback",)
            attacker.open(demo.base_url).click(zh("Sign in")).click(zh("WeChat"))
            attacker.submit({"person": "wu"}, "确认登录")
            with nothing_made(demo, "idp_person", "idp_external_identity"):
                victim.open(attacker.address)
            assert victim.status in (400, 403, 410)
            assert "/login" in victim.open(f"{demo.base_url}/account").address

    def test_a_wrong_password_says_so_and_the_sixth_has_to_wait(self, demo: Demo) -> None:
        account = demo.account("security_admin")
        with Browser() as browser:
            browser.open(f"{demo.base_url}/account")
            for _ in range(5):
                browser.submit({"username": account["username"], "password": "wrong"})
                assert browser.status == 400, browser.text
                assert CHINESE.search(browser.page.xpath("//*[@data-error-summary]")[0].text_content())
            browser.submit({"username": account["username"], "password": account["password"]})
            assert browser.status == 429
            assert int(browser.response.headers["retry-after"]) > 0
            assert "/login" in browser.open(f"{demo.base_url}/account").address

    def test_an_unknown_name_is_told_like_a_wrong_password(self, demo: Demo) -> None:
        texts = set()
        for name in ("nobody-of-that-name", demo.account("audit_admin")["username"]):
            with Browser() as browser:
                browser.open(f"{demo.base_url}/account").submit({"username": name, "password": "wrong"})
                texts.add((browser.status, browser.page.xpath("//*[@data-error-summary]")[0].text_content()))
        assert len(texts) == 1

    def test_a_wrong_check_digit_on_the_real_name_page(self, demo: Demo) -> None:
        with sign_in_by_wechat(demo, "he") as browser:
            browser.open(f"{demo.base_url}/account/realname")
            browser.submit({"name": "何静好", "id_number": "999999196210010044"})
            assert browser.status == 400
            assert browser.page.xpath("//*[@id='error-id_number']")

    def test_a_number_of_somebody_else_is_not_confirmed(self, demo: Demo) -> None:
        with sign_in_by_wechat(demo, "he") as browser:
            browser.open(f"{demo.base_url}/account/realname")
            browser.submit({"name": "何静好", "id_number": "110101199003070011"})
            assert browser.status in (400, 422)
            assert zh("Real name not confirmed yet") in browser.open(f"{demo.base_url}/account").text

    def test_a_form_from_elsewhere_is_refused(self, demo: Demo, citizen: Browser) -> None:
        answer = citizen.http.post(f"{demo.base_url}/account/language", data={"locale": "en"}, headers=PAGE)
        readable_page(answer, 403)


class TestTheConsole:
    def test_a_wrong_check_digit_comes_back_at_its_field_with_everything_typed(
        self, demo: Demo, officer: Browser
    ) -> None:
        code = demo.licence_type(FOOD)["code"]
        officer.open(f"{demo.base_url}/console/licences/new?type={code}&example=yes")
        holder = {"holder.id_type": "111", "holder.number": "110101199003070012", "holder.name": CITIZEN_NAME}
        with nothing_made(demo):
            officer.submit(holder, zh("Issue"))
        assert officer.status == 400
        assert officer.page.xpath("//*[@id='error-holder.number']")
        assert officer.page.xpath("//input[@name='holder.name']/@value") == [CITIZEN_NAME]
        assert officer.page.xpath("//input[@name='fields.licence_number']/@value")

    def test_a_citizen_has_no_business_there(self, demo: Demo, citizen: Browser) -> None:
        answer = citizen.http.get(f"{demo.base_url}/console/licences", headers=PAGE)
        readable_page(answer, 403)


class TestVerification:
    @pytest.mark.parametrize("format", ["ofd", "pdf"])
    def test_a_file_cut_short_is_a_report_and_no_error(
        self, demo: Demo, files: dict[str, Path], format: str, tmp_path: Path
    ) -> None:
        data = files[format].read_bytes()
        cut = data[: len(data) // 2]
        answer = httpx.post(
            f"{demo.base_url}/api/v1/verifications", files={"file": cut}, headers=PROGRAM, timeout=PATIENT
        )
        report = answer.json()
        assert answer.status_code == 200
        assert (report["indication"], report["sub_indication"]) == ("INDETERMINATE", "FORMAT_FAILURE")
        assert CHINESE.search(report["reason"])

    def test_a_pdf_cut_short_on_the_command_line(self, demo: Demo, files: dict[str, Path], tmp_path: Path) -> None:
        cut = tmp_path / "cut.pdf"
        cut.write_bytes(files["pdf"].read_bytes()[:20_000])
        done = demo.run("verify", cut, "--trust", "var/trust")
        assert done.returncode == 1
        assert "FORMAT_FAILURE" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr

    def test_a_code_of_nonsense(self, demo: Demo) -> None:
        answer = httpx.get(f"{demo.base_url}/v/THISISNOTACODEATALL", headers=PROGRAM)
        assert answer.status_code == 404
        assert answer.json()["state"] == "unknown"
        readable_page(httpx.get(f"{demo.base_url}/v/THISISNOTACODEATALL", headers=PAGE), 404)

    @pytest.mark.parametrize("text", ["微信支付 wxp://f2f0", "https://example.com/v/", "", "\u0000"])
    def test_the_text_of_some_other_qr_code(self, demo: Demo, text: str) -> None:
        answer = httpx.post(f"{demo.base_url}/api/v1/verifications", json={"qr": text}, headers=PROGRAM)
        if answer.status_code == 200:
            report = answer.json()
            assert report["indication"] != "TOTAL-PASSED"
            assert CHINESE.search(report["reason"])
        else:
            problem(answer, 400)

    def test_a_code_whose_claims_were_changed(self, demo: Demo) -> None:
        address, _hash, claims = demo.description["licences"][0]["qr"].partition("#")
        changed = claims[:-20] + ("A" if claims[-20] != "A" else "B") + claims[-19:]
        answer = httpx.post(
            f"{demo.base_url}/api/v1/verifications", json={"qr": f"{address}#{changed}"}, headers=PROGRAM
        )
        assert answer.json()["indication"] == "TOTAL-FAILED", answer.text

    def test_nothing_sent(self, demo: Demo) -> None:
        document = problem(
            httpx.post(f"{demo.base_url}/api/v1/verifications", files={"other": b"x"}, headers=PROGRAM), 400
        )
        assert [each["field"] for each in document["errors"]] == ["file"]

    def test_an_upload_beyond_the_limit(self, demo: Demo) -> None:
        large = b"%PDF-1.7\n" + bytes(21 * 1024 * 1024)
        address = f"{demo.base_url}/api/v1/verifications"
        problem(httpx.post(address, files={"file": large}, headers=PROGRAM, timeout=PATIENT), 413)


class TestAddresses:
    def test_an_unknown_licence(self, demo: Demo, program: httpx.Client) -> None:
        problem(program.get("/api/v1/licences/no-such-licence"), 404)
        problem(program.post("/api/v1/licences/no-such-licence/revoke", json={"cause": "x"}), 404)

    def test_an_unknown_licence_on_a_page(self, demo: Demo, citizen: Browser) -> None:
        readable_page(citizen.http.get(f"{demo.base_url}/me/licences/no-such-licence", headers=PAGE), 404)

    def test_an_address_that_is_none(self, demo: Demo) -> None:
        readable_page(httpx.get(f"{demo.base_url}/no/such/page", headers=PAGE), 404)
        problem(httpx.get(f"{demo.base_url}/api/v1/nothing", headers=PROGRAM), 404)

    def test_a_method_that_is_not_taken(self, demo: Demo) -> None:
        problem(httpx.delete(f"{demo.base_url}/api/v1/verifications", headers=PROGRAM), 405)

    def test_revoking_without_a_cause(self, demo: Demo, agency: Agency, program: httpx.Client) -> None:
        licence = agency.issue()
        problem(program.post(f"/api/v1/licences/{licence['id']}/revoke"), 400)
        assert program.get(f"/api/v1/licences/{licence['id']}").json()["status"] == "valid"

    def test_an_application_that_the_gateway_does_not_know(self, demo: Demo) -> None:
        with Browser() as browser:
            browser.open(demo.gateway_url.replace("://", "://nothing."))
            assert browser.status == 404
            assert CHINESE.search(browser.heading)


class TestTheCommandLine:
    """One line on standard error, an exit code that says whose fault it is, never a traceback."""

    @pytest.mark.parametrize(
        "arguments",
        [
            ("verify", "微信支付 wxp://f2f0", "--trust", "var/trust"),
            ("licence", "revoke", "no-such-licence", "--cause", "x"),
            ("no-such-command",),
        ],
        ids=["verify", "licence", "unknown"],
    )
    def test_is_plain(self, demo: Demo, arguments: tuple[str, ...]) -> None:
        done = demo.run(*arguments)
        assert done.returncode == 2, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        complaint = [line for line in done.stderr.splitlines() if line.startswith("xinyin: ")]
        assert len(complaint) == 1, done.stderr

    def test_a_list_with_a_wrong_row_issues_nothing_unless_the_right_ones_alone_are_wanted(
        self, demo: Demo, agency: Agency, tmp_path: Path
    ) -> None:
        right, wrong = agency.order(), agency.order()
        wrong["holder"] = {**wrong["holder"], "number": "110101199003070012"}
        rows = tmp_path / "rows.json"
        rows.write_text(json.dumps([right, wrong], ensure_ascii=False), encoding="utf-8")
        before = demo.row_counts("vault_licence")["vault_licence"]
        done = demo.run("licence", "issue", rows, "--type", right["type"])
        assert done.returncode == 1, done.stderr
        assert "row 2: refused" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr
        assert demo.row_counts("vault_licence")["vault_licence"] == before
        done = demo.run("licence", "issue", rows, "--type", right["type"], "--skip-wrong")
        assert "row 2: refused" in done.stdout, done.stderr
        assert demo.row_counts("vault_licence")["vault_licence"] == before + 1
