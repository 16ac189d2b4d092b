"""Texts, days and spans in the reader's language."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.i18n import (
    LOCALES,
    Catalogs,
    current_locale,
    days_left,
    format_date,
    format_datetime,
    gettext,
    language_tag,
    negotiate,
    ngettext,
    use_locale,
)
from kernel.web.templates import grouped, masked

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True, scope="module")
def catalogs() -> None:
    Catalogs.load([])


def test_a_text_is_said_in_the_language_of_the_work_at_hand() -> None:
    with use_locale("zh_CN"):
        assert gettext("Valid") == "有效"
        with use_locale("en"):
            assert gettext("Valid") == "Valid"
        assert current_locale() == "zh_CN"


def test_a_text_nobody_translated_is_said_in_english() -> None:
    with use_locale("zh_CN"):
        assert gettext("Nobody wrote {this}.", this="that") == "Nobody wrote that."


def test_an_unknown_language_means_the_usual_one() -> None:
    with use_locale("tlh"):
        assert current_locale() == "zh_CN"


@pytest.mark.parametrize(
    ("locale", "count", "said"),
    [
        ("en", 1, "1 day left"),
        ("en", 2, "2 days left"),
        ("en", 0, "0 days left"),
        ("zh_CN", 1, "还有 1 天"),
        ("zh_CN", 5, "还有 5 天"),
    ],
)
def test_counts_take_the_right_form(locale: str, count: int, said: str) -> None:
    with use_locale(locale):
        assert ngettext("{n} day left", "{n} days left", count) == said


@pytest.mark.parametrize(
    ("query", "cookie", "header", "locale"),
    [
        (None, None, None, "zh_CN"),
        ("en", "zh_CN", "zh", "en"),
        (None, "en", "zh", "en"),
        ("fr", None, "de, en;q=0.3, zh;q=0.8", "zh_CN"),
        (None, None, "en;q=0, zh;q=0.1", "zh_CN"),
        (None, None, "en-GB", "en"),
        (None, None, "zh-Hant-TW", "zh_CN"),
        (None, None, "en;q=nonsense", "zh_CN"),
        (None, None, "en;q=nan", "zh_CN"),
    ],
)
def test_a_language_is_agreed_on(query: str | None, cookie: str | None, header: str | None, locale: str) -> None:
    assert negotiate(query, cookie, header) == locale


@given(st.text(), st.text(), st.text())
def test_any_wish_leads_to_a_language_we_speak(query: str, cookie: str, header: str) -> None:
    assert negotiate(query, cookie, header) in LOCALES


def test_the_tag_for_browsers() -> None:
    assert [language_tag(each) for each in LOCALES] == ["zh-CN", "en"]


def test_days_are_written_as_people_write_them_and_taken_in_chinas_time() -> None:
    late = datetime(2026, 11, 20, 17, 4, 5, tzinfo=UTC)
    with use_locale("zh_CN"):
        assert format_date(late) == "2026年11月21日"
        assert format_datetime(late) == "2026年11月21日 01:04"
        assert format_datetime(late, seconds=True) == "2026年11月21日 01:04:05"
    with use_locale("en"):
        assert format_date(date(2026, 11, 21)) == "21 November 2026"


@pytest.mark.parametrize(
    ("until", "chinese", "english"),
    [
        (date(2026, 11, 20), "已到期", "ended"),
        (date(2026, 11, 21), "今天到期", "ends today"),
        (date(2026, 11, 22), "还有 1 天", "1 day left"),
        (date(2026, 12, 20), "还有 29 天", "29 days left"),
        (date(2026, 12, 21), "还有 1 个月", "1 month left"),
        (date(2027, 11, 21), "还有 1 年", "1 year left"),
        (date(2029, 3, 1), "还有 2 年 3 个月", "2 years and 3 months left"),
    ],
)
def test_how_long_is_left(until: date, chinese: str, english: str) -> None:
    with use_locale("zh_CN"):
        assert days_left(until, NOW) == chinese
    with use_locale("en"):
        assert days_left(until, NOW) == english


def test_long_codes_are_grouped_for_reading_aloud() -> None:
    gap = "\u202f"
    assert grouped("123456789012") == f"1234{gap}5678{gap}9012"
    assert grouped("12345") == f"1234{gap}5"
    assert grouped("1.2.156.3005.2.110105.0001.D") == f"1.2.156.3005.2.1101{gap}05.0001.D"
    assert grouped("") == ""


@given(st.text(alphabet="0123456789ABC.-"))
def test_grouping_changes_nothing_but_the_gaps(code: str) -> None:
    assert grouped(code).replace("\u202f", "") == code


def test_numbers_are_masked_but_for_their_end() -> None:
    assert masked("110105194912310021") == "•" * 14 + "0021"
    assert masked("12") == "12"
