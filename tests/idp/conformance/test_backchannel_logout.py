"""oidcc-backchannel-rp-initiated-logout- and oidcc-frontchannel-rp-initiated-logout-certification-test-plan."""

import httpx
from jose import jwt

from tests.idp.conformance.conftest import Suite

ADDRESS = "https://rp.test/backchannel"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


async def test_oidcc_backchannel_rp_initiated_logout_discovery(suite: Suite) -> None:
    document = await suite.discovery()
    assert document["backchannel_logout_supported"] is True
    assert document["backchannel_logout_session_supported"] is True


async def test_oidcc_backchannel_rp_initiated_logout(suite: Suite) -> None:
    suite.outside.set(ADDRESS, httpx.Response(200))
    party = await suite.register(backchannel_logout_uri=ADDRESS, backchannel_logout_session_required=True)
    hint = (await party.tokens())["id_token"]
    await suite.browser.get("/oauth2/logout", params={"id_token_hint": hint})
    await suite.deliver_logouts()
    form = suite.outside.forms(ADDRESS)[0]
    assert set(form) == {"logout_token"}
    claims, signed_in = await party.claims(form["logout_token"]), jwt.get_unverified_claims(hint)
    assert {"iss", "aud", "iat", "exp", "jti", "events"} <= set(claims)
    assert (claims["sub"], claims["sid"]) == (signed_in["sub"], signed_in["sid"])
    assert claims["events"] == {EVENT: {}}
    assert "nonce" not in claims
    assert claims["exp"] - claims["iat"] <= 120


async def test_oidcc_frontchannel_rp_initiated_logout_discovery(suite: Suite) -> None:
    document = await suite.discovery()
    assert document["frontchannel_logout_supported"] is True
    assert document["frontchannel_logout_session_supported"] is True


async def test_oidcc_frontchannel_rp_initiated_logout(suite: Suite) -> None:
    party = await suite.register(
        frontchannel_logout_uri="https://rp.test/front", frontchannel_logout_session_required=True
    )
    hint = (await party.tokens())["id_token"]
    query = {"id_token_hint": hint, "post_logout_redirect_uri": "https://rp.test/bye"}
    page = await suite.browser.get("/oauth2/logout", params=query)
    sid = jwt.get_unverified_claims(hint)["sid"]
    assert f"https://rp.test/front?iss=https%3A%2F%2Fidp.test&amp;sid={sid}" in page.text
    assert "https://rp.test/bye" in page.text
