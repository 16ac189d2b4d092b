"""What holders hear of: each piece of news once, to its holder alone; outside only what they wished for."""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Unavailable
from kernel.messages.message import Channel, Message, MessageRefused
from licence_vault.notices.gathering import Gatherer, after_quiet
from licence_vault.notices.runner import NoticeRunner
from licence_vault.notices.sending import WAITS, NoticeSender
from tests.houses import CITIZEN_NAME, CITIZEN_NUMBER, OTHER_AGENCY, TestClock, food_order
from tests.licence_vault.sharing.conftest import Sharers, call

in_house = pytest.mark.asyncio(loop_scope="module")
CHINA = ZoneInfo("Asia/Shanghai")
ROOT = "/api/v1/me/notifications"


@dataclass
class Outside:
    """The other side of messages, which this test is: takes them, is away, or refuses."""

    taken: list[Message] = field(default_factory=list)
    failure: Exception | None = None

    def sends(self, channel: Channel) -> bool:
        return True

    async def send(self, message: Message) -> None:
        if self.failure:
            raise self.failure
        self.taken.append(message)


class Addresses:
    """Everybody has one."""

    async def address(self, person: str, channel: Channel) -> str | None:
        return "holder@example.org" if channel == "email" else "+8613900000000"


def gatherer(sharers: Sharers) -> Gatherer:
    foundation = sharers.world.house.foundation
    return Gatherer(foundation.database, foundation.envelope, sharers.world.clock)


async def gathered(sharers: Sharers) -> None:
    while await gatherer(sharers).gather():
        pass


async def news(sharers: Sharers, licence: dict[str, Any]) -> list[dict[str, Any]]:
    """The holder's news of one licence, newest first."""
    await gathered(sharers)
    answer = await sharers.holder.get(ROOT)
    assert answer.status_code == 200, answer.text
    return [each for each in answer.json()["notifications"] if each["licence"] == licence["id"]]


async def change(sharers: Sharers, licence: dict[str, Any], action: str, **body: Any) -> dict[str, Any]:
    answer = await sharers.issuer.post(f"/api/v1/licences/{licence['id']}/{action}", json=body)
    assert answer.status_code in {200, 201}, answer.text
    told: dict[str, Any] = answer.json()
    return told


def outside(sharers: Sharers, other: Outside, clock: TestClock | None = None) -> NoticeSender:
    """A sender to the other side, on the house's own tables; with a clock of its own where time must pass."""
    world = sharers.world
    database = world.house.foundation.database
    return NoticeSender(database, other, Addresses(), clock or world.clock, "https://xinyin.test")


async def wish(sharers: Sharers, **body: Any) -> None:
    answer = await sharers.holder.put(f"{ROOT}/settings", json={"locale": "en", "quiet": None} | body)
    assert answer.status_code == 200, answer.text


@in_house
async def test_each_step_of_a_licences_life_is_news_once(sharers):
    licence = await sharers.issue()
    await change(sharers, licence, "suspend", cause="复查")
    await change(sharers, licence, "resume")
    await change(sharers, licence, "revoke", cause="歇业")
    kinds = [each["kind"] for each in await news(sharers, licence)]
    assert kinds == ["revoked", "resumed", "suspended", "issued"]
    assert [each["kind"] for each in await news(sharers, licence)] == kinds
    assert (await news(sharers, licence))[0]["about"] == {"cause": "歇业"}


@in_house
async def test_a_newer_version_says_that_it_replaces(sharers):
    licence = await sharers.issue()
    newer = await change(sharers, licence, "reissue", fields=food_order()["fields"] | {"signatory": "周明近"})
    assert [each["kind"] for each in await news(sharers, newer)] == ["replaced"]


@in_house
async def test_an_agencys_looks_are_news_once_a_day(sharers):
    licence = await sharers.issue()
    body = call(type=licence["type"], holder={"id_type": "111", "number": CITIZEN_NUMBER})
    grant = await sharers.grant(licence)
    for _ in range(2):
        answer = await sharers.asker.post(
            "/api/v1/sharing/fetch",
            json=call({"kind": "grant"}, identifier=licence["identifier"], fields=["premises"]),
        )
        assert answer.status_code == 200, (answer.text, grant, body)
    looks = [each for each in await news(sharers, licence) if each["kind"] == "looked"]
    assert [each["about"]["who"] for each in looks] == [OTHER_AGENCY.name]


@in_house
async def test_ones_own_looks_are_no_news(sharers):
    licence = await sharers.issue()
    assert (await sharers.holder.get(f"/api/v1/licences/{licence['id']}")).status_code == 200
    assert [each["kind"] for each in await news(sharers, licence)] == ["issued"]


@pytest.mark.parametrize("days", [60, 30, 7])
@in_house
async def test_a_licence_that_will_end_is_news_before_it_does(sharers, days):
    today = sharers.world.clock().astimezone(CHINA).date()
    dates = {"valid_from": str(today), "valid_to": str(today + timedelta(days=days))}
    licence = await sharers.issue(**dates)
    runner = sharers.world.house.licence_vault.notice_runner
    await asyncio.gather(runner.chores(), runner.chores())
    await runner.chores()
    told = [each for each in await news(sharers, licence) if each["kind"] == "expiring"]
    assert [each["about"]["days"] for each in told] == [str(days)]


@in_house
async def test_a_revoked_licence_does_not_expire_again(sharers):
    today = sharers.world.clock().astimezone(CHINA).date()
    licence = await sharers.issue(valid_from=str(today), valid_to=str(today + timedelta(days=30)))
    await change(sharers, licence, "revoke", cause="歇业")
    await sharers.world.house.licence_vault.notice_runner.chores()
    assert "expiring" not in {each["kind"] for each in await news(sharers, licence)}


@in_house
async def test_two_workers_at_once_tell_everything_once(sharers):
    licences = [await sharers.issue() for _ in range(3)]
    await asyncio.gather(*(gatherer(sharers).gather() for _ in range(4)))
    for licence in licences:
        assert [each["kind"] for each in await news(sharers, licence)] == ["issued"]


@in_house
async def test_nobody_reads_another_holders_news(sharers):
    licence = await sharers.issue()
    [notice] = await news(sharers, licence)
    theirs = (await sharers.stranger.get(ROOT)).json()
    assert licence["id"] not in {each["licence"] for each in theirs["notifications"]}
    assert (await sharers.stranger.post(f"{ROOT}/{notice['id']}/read")).json() == {"marked": 0}
    assert (await news(sharers, licence))[0]["read"] is False


@in_house
async def test_what_was_read_counts_no_more(sharers):
    licence = await sharers.issue()
    [notice] = await news(sharers, licence)
    before = (await sharers.holder.get(ROOT)).json()["unread"]
    assert (await sharers.holder.post(f"{ROOT}/{notice['id']}/read")).json() == {"marked": 1}
    assert (await sharers.holder.get(ROOT)).json()["unread"] == before - 1
    await sharers.holder.post(f"{ROOT}/read")
    assert (await sharers.holder.get(ROOT)).json()["unread"] == 0


@in_house
async def test_nothing_goes_outside_unless_wished(sharers):
    await wish(sharers, channels={})
    await sharers.issue()
    await gathered(sharers)
    other = Outside()
    await outside(sharers, other).send_due()
    assert other.taken == []


@in_house
async def test_a_message_names_neither_holder_nor_licence(sharers):
    await wish(sharers, channels={"issued": ["email", "sms"]})
    licence = await sharers.issue()
    await gathered(sharers)
    other = Outside()
    await outside(sharers, other).send_due()
    assert sorted(each.channel for each in other.taken) == ["email", "sms"]
    for message in other.taken:
        told = message.subject + message.body + str(message.params)
        assert "https://xinyin.test/me/notices" in message.body
        for secret in (CITIZEN_NAME, CITIZEN_NUMBER, licence["id"], licence["identifier"], "食品"):
            assert secret not in told
    await wish(sharers, channels={})


@in_house
async def test_the_kind_of_licence_is_named_where_it_was_allowed(sharers):
    await wish(sharers, channels={"issued": ["email"]}, names_type=True)
    await sharers.issue()
    await gathered(sharers)
    other = Outside()
    await outside(sharers, other).send_due()
    assert "食品经营许可证" in other.taken[-1].body
    await wish(sharers, channels={})


@in_house
async def test_a_server_that_is_away_is_tried_again_until_it_is_given_up(sharers):
    await wish(sharers, channels={"issued": ["sms"]})
    await sharers.issue()
    await gathered(sharers)
    other, clock = Outside(failure=Unavailable("away")), TestClock()
    sender = outside(sharers, other, clock)
    tries = 0
    while await sender.send_due():
        tries += 1
        clock.advance(hours=25)
        assert tries < 20
    assert tries == len(WAITS) + 1
    other.failure = None
    assert await sender.send_due() == 0
    await wish(sharers, channels={})


@in_house
async def test_a_refused_message_is_not_sent_again(sharers):
    await wish(sharers, channels={"issued": ["sms"]})
    await sharers.issue()
    await gathered(sharers)
    clock = TestClock()
    sender = outside(sharers, Outside(failure=MessageRefused("no")), clock)
    assert await sender.send_due() == 1
    clock.advance(days=3)
    assert await sender.send_due() == 0
    await wish(sharers, channels={})


@in_house
async def test_a_wish_taken_back_stops_what_is_on_its_way(sharers):
    await wish(sharers, channels={"issued": ["sms"]})
    await sharers.issue()
    await gathered(sharers)
    await wish(sharers, channels={})
    other = Outside()
    await outside(sharers, other).send_due()
    assert other.taken == []


@in_house
async def test_two_senders_send_a_message_once(sharers):
    await wish(sharers, channels={"issued": ["sms"]})
    await sharers.issue()
    await gathered(sharers)
    other = Outside()
    await asyncio.gather(*(outside(sharers, other).send_due() for _ in range(4)))
    assert len(other.taken) == 1
    await wish(sharers, channels={})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"channels": {"issued": ["pigeon"]}}, "channels"),
        ({"channels": {"born": ["sms"]}}, "channels"),
        ({"channels": []}, "channels"),
        ({"quiet": [22]}, "quiet"),
        ({"quiet": [22, 24]}, "quiet"),
        ({"quiet": [True, 7]}, "quiet"),
        ({"locale": "xx"}, "locale"),
        ({"names_type": "yes"}, "names_type"),
        ({"colour": "red"}, "colour"),
    ],
)
@in_house
async def test_a_wrong_setting_is_named(sharers, body, field):
    answer = await sharers.holder.put(f"{ROOT}/settings", json=body)
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == [field]


@in_house
async def test_a_program_has_no_notices(sharers):
    assert (await sharers.issuer.get(ROOT)).json()["notifications"] == []
    assert (await sharers.issuer.put(f"{ROOT}/settings", json={})).status_code == 403


@in_house
async def test_the_page_tells_news_and_marks_it_read(sharers):
    licence = await sharers.issue()
    await gathered(sharers)
    listed = (await sharers.holder.get("/me/notices", headers={"Accept": "text/html"})).text
    assert "A licence was issued to you." in listed
    assert f"/me/licences/{licence['id']}" in listed
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', listed)[0]
    answer = await sharers.holder.post("/me/notices/read", data={"csrf_token": token})
    assert answer.headers["location"] == "/me/notices"
    assert (await sharers.holder.get(ROOT)).json()["unread"] == 0


@in_house
async def test_wishes_are_kept_by_the_form(sharers):
    page = (await sharers.holder.get("/me/notices/settings", headers={"Accept": "text/html"})).text
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[0]
    form = {"csrf_token": token, "revoked": ["email", "sms"], "quiet_from": "21", "quiet_to": "8"}
    answer = await sharers.holder.post("/me/notices/settings", data=form)
    assert answer.status_code == 303
    kept = (await sharers.holder.get(f"{ROOT}/settings")).json()
    assert kept["channels"]["revoked"] == ["email", "sms"]
    assert kept["channels"]["issued"] == []
    assert kept["quiet"] == [21, 8]
    half = form | {"quiet_to": ""}
    answer = await sharers.holder.post("/me/notices/settings", data=half, headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert "Quiet hours" in answer.text
    await wish(sharers, channels={})


@in_house
async def test_old_news_is_deleted(sharers):
    licence = await sharers.issue()
    await news(sharers, licence)
    await sharers.holder.post(f"{ROOT}/read")
    clock, foundation = TestClock(), sharers.world.house.foundation
    clock.advance(days=181)
    later = Gatherer(foundation.database, foundation.envelope, clock)
    await NoticeRunner(foundation.database, later, outside(sharers, Outside(), clock), clock).chores()
    assert await news(sharers, licence) == []


@pytest.mark.parametrize(
    ("hour", "quiet", "until"),
    [
        (23, (22, 7), 7),
        (3, (22, 7), 7),
        (7, (22, 7), 7),
        (12, (22, 7), 12),
        (13, (12, 14), 14),
        (14, (12, 14), 14),
        (5, None, 5),
        (5, (5, 5), 5),
    ],
)
@in_house
async def test_quiet_hours_put_off_until_they_end(hour, quiet, until):
    now = datetime(2026, 3, 4, hour, tzinfo=CHINA).astimezone(UTC)
    assert after_quiet(now, quiet).astimezone(CHINA).hour == until


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    st.tuples(st.integers(0, 23), st.integers(0, 23)),
)
def test_quiet_hours_put_off_by_less_than_a_day_and_to_a_loud_hour(now, quiet):
    then = after_quiet(now, quiet)
    assert timedelta(0) <= then - now < timedelta(days=1)
    assert after_quiet(then, quiet) == then
