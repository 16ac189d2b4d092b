"""A wallet's steps from the holder's page to the credential, one by one."""

import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from licence_vault.wallets.metadata import PRE_AUTHORIZED
from tests.licence_vault.forms.wallet import Wallet

WALLET = "/api/v1/wallet"


@dataclass(frozen=True)
class Offered:
    """What the holder's page shows, as a wallet reads it."""

    offer: dict[str, Any]
    digits: str

    @property
    def code(self) -> str:
        code: str = self.offer["grants"][PRE_AUTHORIZED]["pre-authorized_code"]
        return code

    @property
    def configuration(self) -> str:
        (name,) = self.offer["credential_configuration_ids"]
        return str(name)


async def make_offer(holder: httpx.AsyncClient, anyone: httpx.AsyncClient, licence: dict[str, Any]) -> Offered:
    path = f"/me/licences/{licence['id']}/wallet"
    page = await holder.get(path, headers={"Accept": "text/html"})
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[0]
    made = await holder.post(path, data={"csrf_token": token}, headers={"Accept": "text/html"})
    assert made.status_code == 200, made.text
    assert made.headers["cache-control"] == "private, no-store"
    link = re.findall(r'href="(openid-credential-offer://[^"]+)"', made.text)[0].replace("&amp;", "&")
    address = parse_qs(urlsplit(link).query)["credential_offer_uri"][0]
    digits = re.findall(r"<strong>(\d{6})</strong>", made.text)[0]
    return Offered((await anyone.get(address)).json(), digits)


async def redeem(anyone: httpx.AsyncClient, offered: Offered, **changes: str) -> httpx.Response:
    form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": offered.code, "tx_code": offered.digits}
    return await anyone.post(f"{WALLET}/token", data=form | changes)


async def nonce(anyone: httpx.AsyncClient) -> str:
    answer = await anyone.post(f"{WALLET}/nonce")
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.json()["c_nonce"])


def proof(wallet: Wallet, issuer: str, c_nonce: str, *, typ: str = "openid4vci-proof+jwt", **changes: Any) -> str:
    claims = {"aud": issuer, "iat": int(time.time()), "nonce": c_nonce} | changes
    return wallet.sign(claims, typ=typ, jwk=wallet.public_key)


async def ask(anyone: httpx.AsyncClient, token: str, configuration: str, *proofs: str, **more: Any) -> httpx.Response:
    body = {"credential_configuration_id": configuration, "proofs": {"jwt": list(proofs)}} | more
    return await anyone.post(f"{WALLET}/credential", json=body, headers={"Authorization": f"Bearer {token}"})
