"""The people of the story at their browsers, and the agency's program."""

from typing import Any

import httpx

from tests.demo_house import Demo, new_key
from tests.flows.browser import Browser
from tests.flows.words import zh

CITIZEN_HANDLE, CITIZEN_NAME, CITIZEN_NUMBER = "lin", "林小满", "110101199003070011"
AGENCY_SCOPES = "licence:read licence:issue licence:manage"
FOOD = "食品经营许可证"


def sign_in_by_wechat(demo: Demo, handle: str, press: str = "确认登录") -> Browser:
    """Open the home page, choose WeChat, pick a person in the sandbox and answer for them."""
    browser = Browser()
    browser.open(demo.base_url).click(zh("Sign in")).click(zh("WeChat"))
    assert browser.address.startswith(demo.sandbox_url), browser.way
    return browser.submit({"person": handle}, press)


def sign_in_by_password(demo: Demo, role: str, start: str = "/account") -> Browser:
    """Open a page, and sign in with the password and, where the account has one, the one-time code."""
    browser, account = Browser(), demo.account(role)
    browser.open(f"{demo.base_url}{start}")
    browser.submit({"username": account["username"], "password": account["password"]})
    if "totp_secret" in account:
        browser.submit({"code": demo.one_time_code(role)})
    assert "/login" not in browser.address, browser.text
    return browser


class Agency:
    """The agency's own program, by client credentials."""

    def __init__(self, demo: Demo, role: str = "agency", scope: str = AGENCY_SCOPES) -> None:
        self._demo = demo
        self.http = httpx.Client(base_url=demo.base_url, timeout=60, headers={"Accept": "application/json"})
        client = demo.client(role)
        answer = self.http.post(
            "/oauth2/token",
            data={"grant_type": "client_credentials", "scope": scope},
            auth=(client["client_id"], client["client_secret"]),
        )
        assert answer.status_code == 200, answer.text
        self.token: str = answer.json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def order(self, **changes: Any) -> dict[str, Any]:
        """A right body of `POST /api/v1/licences`: a food licence for the citizen of the story."""
        example = self._demo.licence_type(FOOD)["example"]
        holder = {"kind": "natural", "id_type": "111", "number": CITIZEN_NUMBER, "name": CITIZEN_NAME}
        return {**example, "holder": holder, **changes}

    def post(self, body: dict[str, Any], key: str) -> httpx.Response:
        """Send an order."""
        return self.http.post("/api/v1/licences", json=body, headers={"Idempotency-Key": key})

    def issue(self, **changes: Any) -> dict[str, Any]:
        """Issue a licence."""
        answer = self.post(self.order(**changes), new_key())
        assert answer.status_code == 201, answer.text
        issued: dict[str, Any] = answer.json()
        return issued

    def revoke(self, licence_id: str, cause: str) -> httpx.Response:
        """End a licence."""
        return self.http.post(f"/api/v1/licences/{licence_id}/revoke", json={"cause": cause})

    def file(self, licence_id: str, format: str) -> bytes:
        """A licence's sealed file."""
        answer = self.http.get(f"/api/v1/licences/{licence_id}/file", params={"format": format})
        assert answer.status_code == 200, answer.text
        return answer.content
