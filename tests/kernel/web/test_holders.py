"""Whose numbers somebody holds is asked with their own token, kept briefly, and never mixed up."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from kernel.errors import Forbidden, Unavailable
from kernel.principal import Principal
from kernel.web.bearer import InvalidToken
from kernel.web.holders import KEEP_SECONDS, HolderDirectory, holder_from_claims, userinfo_client

MING = Principal("u-1", "pages", access_token="token-1")
CLAIMS = {
    "sub": "u-1",
    "id_number": "990101199003078033",
    "name": "张小明",
    "organisations": [
        {"uscc": "11990000MB0000001M", "name": "信印示范有限公司", "role": "法定代表人"},
        {"name": "无代码"},
    ],
}


class Issuer:
    """Answers userinfo and counts how often it was asked."""

    def __init__(self, claims: Mapping[str, Any] = CLAIMS, status: int = 200) -> None:
        self.claims, self.status, self.asked = claims, status, 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        assert request.headers["authorization"].startswith("Bearer token-")
        return httpx.Response(self.status, json=self.claims)


class Watch:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def _endpoint() -> str:
    return "https://provider.example/userinfo"


def directory(issuer: Issuer, watch: Watch | None = None) -> HolderDirectory:
    return HolderDirectory(userinfo_client(_endpoint, httpx.MockTransport(issuer)), monotonic=watch or Watch())


async def test_the_numbers_of_a_person_and_of_their_organisations() -> None:
    holder = await directory(Issuer()).of(MING)
    assert [(each.kind, each.id_type, each.number, each.role) for each in holder.numbers] == [
        ("natural", "111", "990101199003078033", ""),
        ("legal", "001", "11990000MB0000001M", "法定代表人"),
    ]


async def test_the_answer_is_kept_for_a_minute_and_no_longer() -> None:
    issuer, watch = Issuer(), Watch()
    holders = directory(issuer, watch)
    await holders.of(MING)
    watch.now = KEEP_SECONDS - 1
    await holders.of(MING)
    assert issuer.asked == 1
    watch.now = KEEP_SECONDS
    await holders.of(MING)
    assert issuer.asked == 2


async def test_somebody_without_a_number_is_asked_about_again_at_once() -> None:
    issuer = Issuer({"sub": "u-1"})
    holders = directory(issuer)
    assert (await holders.of(MING)).numbers == ()
    issuer.claims = CLAIMS
    assert len((await holders.of(MING)).natural) == 1


async def test_forgetting_asks_again() -> None:
    issuer = Issuer()
    holders = directory(issuer)
    await holders.of(MING)
    holders.forget("token-1")
    await holders.of(MING)
    assert issuer.asked == 2


async def test_an_answer_about_somebody_else_is_refused() -> None:
    with pytest.raises(InvalidToken):
        await directory(Issuer({**CLAIMS, "sub": "u-2"})).of(MING)


@pytest.mark.parametrize("nobody", [Principal("u-1", "pages"), Principal("robot", "robot", access_token="token-2")])
async def test_only_a_person_with_a_token_holds_licences(nobody: Principal) -> None:
    issuer = Issuer()
    with pytest.raises(Forbidden):
        await directory(issuer).of(nobody)
    assert issuer.asked == 0


@pytest.mark.parametrize(("status", "error"), [(401, InvalidToken), (500, Unavailable), (302, Unavailable)])
async def test_a_refusal_and_an_outage_are_told_apart(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        await directory(Issuer(status=status)).of(MING)


def test_a_number_shows_in_no_representation() -> None:
    assert "990101199003078033" not in repr(holder_from_claims(CLAIMS))
    assert "token-1" not in repr(MING)
