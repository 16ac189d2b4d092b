"""Cleaning: what old registers say becomes what was meant, and what is right stays as it is."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kernel.ids.resident_id import PROVINCES
from kernel.ids.resident_id import check_character as id_check
from kernel.ids.uscc import ALPHABET
from kernel.ids.uscc import check_character as uscc_check
from licence_vault.collection.cleaning import characters
from licence_vault.collection.cleaning.days import read_old_day
from licence_vault.collection.cleaning.numbers import holds, lengthened, repairs
from licence_vault.collection.cleaning.rules import Subject, rule_title, rules

TODAY = date(2026, 11, 21)
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    born = draw(st.dates(date(1900, 1, 1), TODAY))
    body = f"{draw(st.sampled_from(sorted(PROVINCES)))}{draw(st.integers(0, 9999)):04d}{born:%Y%m%d}"
    body += f"{draw(st.integers(0, 999)):03d}"
    return body + id_check(body)


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    body = draw(st.sampled_from("159")) + draw(st.sampled_from("123")) + f"{draw(st.integers(0, 999999)):06d}"
    body += draw(st.text(ALPHABET, min_size=9, max_size=9))
    return body + uscc_check(body)


def cleaned(text: str, subject: Subject) -> str:
    for rule in rules():
        if subject.kind in rule.kinds:
            text = rule.apply(text, subject)
    return text


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2016-05-01", "2016-05-01"),
        ("2016.5.1", "2016-05-01"),
        ("2016/5/1 00:00:00", "2016-05-01"),
        ("20160501", "2016-05-01"),
        ("2016 年 5 月 1 日", "2016-05-01"),
        ("二〇一六年五月一日", "2016-05-01"),
        ("二零一六年十二月三十一日", "2016-12-31"),
        ("二○○九年十月廿一日", "2009-10-21"),
        ("一九九八年〇五月二十日", "1998-05-20"),
        ("贰零壹陆年伍月拾贰日", "2016-05-12"),
    ],
)
def test_a_day_is_read_however_an_old_licence_writes_it(text: str, day: str) -> None:
    assert read_old_day(text).day == date.fromisoformat(day)


def test_a_month_without_its_day_is_proposed_and_not_decided() -> None:
    assert read_old_day("二〇一六年五月").day is None
    assert read_old_day("二〇一六年五月").possible == (date(2016, 5, 1),)
    assert read_old_day("2016年2月", ends=True).possible == (date(2016, 2, 29),)


def test_a_year_of_two_digits_is_left_to_somebody_who_sees_the_licence() -> None:
    assert read_old_day("98.5.1").day is None
    assert read_old_day("98.5.1").possible == (date(1998, 5, 1), date(2098, 5, 1))


@pytest.mark.parametrize(
    "text", ["", "长期", "2016-13-01", "二〇一六年十三月一日", "2015-02-29", "五月一日", "0000-01-01"]
)
def test_what_is_no_day_is_not_read_as_one(text: str) -> None:
    assert read_old_day(text).day is None


@given(DAYS)
def test_a_right_day_never_changes(day: date) -> None:
    for kind in ("day", "end"):
        assert cleaned(day.isoformat(), Subject("valid_to", kind)) == day.isoformat()


@given(DAYS)
def test_a_day_written_in_chinese_comes_back_as_itself(day: date) -> None:
    digits = "〇一二三四五六七八九"

    def small(number: int) -> str:
        tens, ones = divmod(number, 10)
        return ("" if tens == 0 else "十" if tens == 1 else digits[tens] + "十") + (digits[ones] if ones else "")

    text = "".join(digits[int(each)] for each in f"{day.year}") + f"年{small(day.month)}月{small(day.day)}日"
    assert read_old_day(text).day == day


@given(st.text())
def test_no_text_breaks_the_reading_of_days(text: str) -> None:
    read_old_day(text)


@given(resident_ids())
def test_a_right_id_number_never_changes_and_has_no_repair(number: str) -> None:
    assert cleaned(number, Subject("holder.number", "number", ("111",))) == number
    assert repairs("111", number, TODAY) == []


@given(credit_codes())
def test_a_right_credit_code_never_changes_and_has_no_repair(code: str) -> None:
    assert cleaned(code, Subject("holder.number", "number", ("001",))) == code
    assert repairs("001", code, TODAY) == []


@given(st.one_of(resident_ids(), credit_codes()), st.integers(0, 17), st.sampled_from(ALPHABET + "OISVZ"))
def test_every_repair_is_a_right_number(number: str, place: int, typed: str) -> None:
    kind = "001" if holds("001", number) else "111"
    wrong = number[:place] + typed + number[place + 1 :]
    for repair in repairs(kind, wrong, TODAY):
        assert holds(kind, repair.number)
        assert rule_title(repair.reason) != repair.reason


TAKEN_FOR = {"0": "O", "1": "I", "5": "S", "2": "Z"}


@given(resident_ids(), st.data())
def test_a_letter_taken_for_a_digit_is_repaired_first(number: str, data: st.DataObject) -> None:
    places = [place for place, digit in enumerate(number[:17]) if digit in TAKEN_FOR]
    place = data.draw(st.sampled_from(places))  # a month has a 0 or a 1
    wrong = number[:place] + TAKEN_FOR[number[place]] + number[place + 1 :]
    assert repairs("111", wrong, TODAY)[0].number == number


@given(resident_ids(), st.integers(0, 15))
def test_two_digits_that_changed_places_are_found(number: str, place: int) -> None:
    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assume(wrong != number)
    assert number in [each.number for each in repairs("111", wrong, TODAY)] or holds("111", wrong)


@given(resident_ids())
def test_an_old_id_number_grows_to_the_one_of_today(number: str) -> None:
    assume(number[6:8] == "19" and number[14:17] not in ("996", "997", "998", "999"))
    assert lengthened(number[:6] + number[8:17]) == number


def test_an_old_number_of_a_century_that_it_does_not_say_is_left() -> None:
    assert lengthened("110101990101998") is None


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("person", "张　 三", "张三"),
        ("person", "买买提．艾力", "买买提·艾力"),
        ("person", "John  Smith", "John Smith"),
        ("person", "艾克拜尔·买买提", "艾克拜尔·买买提"),
        ("organisation", "北京某某（集团）有限公司", "北京某某（集团）有限公司"),
        ("organisation", "第Ａ１ 号商店", "第A1 号商店"),
        ("text", "  一般项目：零售；\u200b 许可项目：餐饮  ", "一般项目：零售； 许可项目：餐饮"),
        ("end", "无固定期限", "长期"),
        ("number", "９１１１００００－ab", "91110000-AB"),
    ],
)
def test_names_and_texts_are_tidied_and_keep_what_belongs_to_them(kind: str, before: str, after: str) -> None:
    assert cleaned(before, Subject("", kind)) == after


@given(st.text(max_size=60), st.sampled_from(["person", "organisation", "text", "number", "day", "end", "quantity"]))
def test_cleaning_twice_changes_nothing_more(text: str, kind: str) -> None:
    once = cleaned(text, Subject("holder.name", kind, ("111",)))
    assert cleaned(once, Subject("holder.name", kind, ("111",))) == once


@given(st.text("张王李赵𠮷䶮㼆龢豈", min_size=1, max_size=8))
def test_rare_characters_of_names_stay_as_they_are(name: str) -> None:
    assert cleaned(name, Subject("holder.name", "person")) == name


def test_an_enumeration_takes_its_code_by_any_of_its_names() -> None:
    subject = Subject("holder.id_type", "code", choices={"公民身份号码": "111"})
    assert [cleaned(each, subject) for each in ("公民身份号码", "居民身份证", "111", "什么")] == [
        "111",
        "111",
        "111",
        "什么",
    ]
    assert characters.narrow_letters("（Ａ）") == "（A）"
