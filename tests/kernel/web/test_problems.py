"""Errors as people and programs meet them: RFC 9457 or a readable page, and nothing private in either."""

import pytest

from tests.kernel.web.shell import visitor

PAGE = {"Accept": "text/html"}


async def test_a_program_gets_problem_details_with_each_field() -> None:
    async with visitor() as client:
        response = await client.get("/api/wrong", headers={"Accept-Language": "en"})
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "urn:xinyin:problem:invalid-input"
    assert problem["status"] == 400
    assert "holder" in str(problem["errors"])
    assert "The last character should be X." in str(problem["errors"])


async def test_a_program_gets_problem_details_even_when_it_accepts_html() -> None:
    async with visitor(**PAGE) as client:
        assert (await client.get("/api/wrong")).headers["content-type"] == "application/problem+json"


async def test_a_person_gets_a_page_in_chinese_with_a_reference_number() -> None:
    async with visitor(**PAGE) as client:
        response = await client.get("/closed")
    assert response.status_code == 403
    assert response.headers["content-type"].startswith("text/html")
    assert 'lang="zh-CN"' in response.text
    assert response.headers["x-request-id"].replace("-", "")[-8:] in response.text.replace("-", "").replace(" ", "")


@pytest.mark.parametrize(("path", "accept"), [("/api/crash", "*/*"), ("/crash", "text/html")])
async def test_what_nobody_expected_says_nothing_about_itself(
    path: str, accept: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async with visitor(Accept=accept) as client:
        response = await client.get(path)
    told = response.text + caplog.text + "".join(capsys.readouterr())
    assert response.status_code == 500
    assert "110101199003070011" not in told
    assert "Traceback" not in response.text
    assert "RuntimeError" not in response.text


async def test_an_unknown_page_and_a_wrong_method_are_told_apart() -> None:
    async with visitor() as client:
        assert (await client.get("/nowhere")).status_code == 404
        refused = await client.get("/form")
    assert refused.status_code == 405
    assert "POST" in refused.headers["allow"]


async def test_the_private_reason_stays_inside() -> None:
    async with visitor(**PAGE) as client:
        assert "private detail" not in (await client.get("/closed")).text


async def test_too_often_says_when_to_come_back() -> None:
    async with visitor() as client:
        response = await client.get("/api/busy")
    assert (response.status_code, response.headers["retry-after"]) == (429, "30")


async def test_no_error_is_kept_by_a_cache() -> None:
    async with visitor() as client:
        assert (await client.get("/api/wrong")).headers["cache-control"] == "no-store"
