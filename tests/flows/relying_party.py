"""A website that signs people in with us, as its authors would write it: requests-oauthlib and python-jose."""

from typing import Any
from urllib.parse import urljoin

from jose import jwt
from requests_oauthlib import OAuth2Session

from tests.demo_house import Demo
from tests.flows.browser import Browser
from tests.flows.words import zh

SCOPES = ["openid", "profile", "offline_access"]


class RelyingParty:
    """The demo's client `web` at work. Everything but its credentials it learns from discovery."""

    def __init__(self, demo: Demo) -> None:
        client = demo.client("web")
        self.client_id, self._secret = client["client_id"], client["client_secret"]
        self.redirect_uri: str = client["redirect_uris"][0]
        self.issuer = demo.base_url
        self.session = OAuth2Session(self.client_id, redirect_uri=self.redirect_uri, scope=SCOPES, pkce="S256")
        configuration = self.session.get(f"{demo.base_url}/.well-known/openid-configuration", withhold_token=True)
        self.endpoints: dict[str, Any] = configuration.json()
        self.code_url = ""

    def sign_in(self, browser: Browser) -> dict[str, Any]:
        """Send the browser to the provider and take it back with a code; gives the tokens and the judged claims."""
        address, _state = self.session.authorization_url(self.endpoints["authorization_endpoint"], nonce="n-0S6_WzA2Mj")
        browser.stops = (self.redirect_uri,)
        browser.open(address)
        if not browser.address.startswith(self.redirect_uri):
            # Whoever is signed in already is asked for consent, once, and for nothing else.
            browser.submit({}, zh("Allow"))
        browser.stops = ()
        self.code_url = browser.address
        tokens = self.redeem(self.code_url)
        return {"tokens": tokens, "claims": self.judge(tokens), "way": browser.way}

    def redeem(self, code_url: str) -> dict[str, Any]:
        """Exchange the code."""
        tokens: dict[str, Any] = self.session.fetch_token(
            self.endpoints["token_endpoint"],
            authorization_response=code_url,
            client_secret=self._secret,
            include_client_id=None,
        )
        return tokens

    def judge(self, tokens: dict[str, Any]) -> dict[str, Any]:
        """The claims of the ID token, as python-jose reads them with the published keys."""
        keys = self.session.get(self.endpoints["jwks_uri"], withhold_token=True).json()
        claims: dict[str, Any] = jwt.decode(
            tokens["id_token"],
            keys,
            algorithms=self.endpoints["id_token_signing_alg_values_supported"],
            audience=self.client_id,
            issuer=self.endpoints["issuer"],
            access_token=tokens["access_token"],
        )
        return claims

    def userinfo(self) -> dict[str, Any]:
        """What the provider says of the person."""
        answer = self.session.get(urljoin(self.issuer, self.endpoints["userinfo_endpoint"]))
        claims: dict[str, Any] = answer.json()
        return claims
