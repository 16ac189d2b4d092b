"""What every answer carries: a strict policy, a request id, the reader's language, names that may be kept."""

import re

import pytest

from tests.kernel.web.shell import visitor

CHINESE = "跳到正文"


async def test_every_answer_carries_the_strict_policy() -> None:
    async with visitor() as client:
        answers = [await client.get(path) for path in ("/greet", "/api/wrong", "/nowhere", "/api/crash")]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "max-age" in answer.headers["strict-transport-security"]
        assert answer.headers["referrer-policy"]


async def test_each_request_has_an_id_of_our_own() -> None:
    async with visitor() as client:
        first = (await client.get("/greet")).headers["x-request-id"]
        second = (await client.get("/greet", headers={"X-Request-Id": "forged\nline"[:6]})).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", first)
    assert second not in (first, "forged")


@pytest.mark.parametrize(
    ("headers", "query", "said"),
    [
        ({}, "", CHINESE),
        ({"Accept-Language": "en-GB,en;q=0.9"}, "", "Skip to content"),
        ({"Accept-Language": "fr"}, "", CHINESE),
        ({"Accept-Language": "zh-CN,en;q=0.5"}, "?lang=en", "Skip to content"),
        ({"Accept-Language": "en", "Cookie": "xinyin_lang=zh_CN"}, "?lang=xx", CHINESE),
    ],
)
async def test_the_readers_language_is_found(headers: dict[str, str], query: str, said: str) -> None:
    async with visitor() as client:
        answer = await client.get(f"/greet{query}", headers=headers)
    assert answer.json()["said"] == said


async def test_a_chosen_language_is_remembered() -> None:
    async with visitor() as client:
        await client.get("/greet?lang=en")
        assert (await client.get("/greet")).json()["said"] == "Skip to content"


async def test_static_files_may_be_kept_under_their_digest() -> None:
    async with visitor(Accept="text/html") as client:
        page = (await client.get("/closed")).text
        path = re.search(r'"(/static/[0-9a-f]+/kernel/base\.css)"', page)
        assert path is not None
        style = await client.get(path.group(1))
        missing = await client.get("/static/0000/../../pyproject.toml")
    assert style.headers["content-type"].startswith("text/css")
    assert "immutable" in style.headers["cache-control"]
    assert missing.status_code == 404


async def test_no_page_has_inline_code() -> None:
    async with visitor(Accept="text/html") as client:
        page = (await client.get("/closed")).text
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style", page)
