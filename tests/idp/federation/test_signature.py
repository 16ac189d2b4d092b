"""Alipay's signatures: strings to sign by the letter, and answers cut out of their text without being re-written."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.federation.base import ProviderProtocolError
from idp.federation.qq import parse_answer
from idp.federation.signature import MalformedAnswer, read_answer, sign_request, string_to_sign
from kernel.crypto.private_keys import generate_key
from kernel.crypto.public_keys import load_public_key
from kernel.crypto.signatures import InvalidSignature

METHOD = "alipay.user.info.share"
ROOT = "alipay_user_info_share_response"
KEY = generate_key("RS256")
PUBLIC = load_public_key(KEY.public_spki)


def signed(raw: str, over: str | None = None) -> str:
    signature = base64.b64encode(KEY.sign((over or raw).encode())).decode()
    return f'{{"{ROOT}":{raw},"sign":"{signature}"}}'


def test_parameters_are_sorted_raw_and_without_sign_or_empty_ones() -> None:
    params = {"b": "一 &=", "sign": "x", "sign_type": "RSA2", "a": "1", "empty": ""}
    assert string_to_sign(params) == "a=1&b=一 &=&sign_type=RSA2"


def test_a_request_signature_is_344_characters_per_2048_bits() -> None:
    signature = sign_request({"a": "1"}, KEY)
    PUBLIC.verify(base64.b64decode(signature), b"a=1")


@pytest.mark.parametrize(
    "raw",
    [
        '{"code":"10000","nick_name":"a\\/b"}',
        '{ "nick_name" : "}\\"{" , "code" : "10000" }',
        '{"nick_name":"\\u5c0f满🌾","list":[{"x":1}]}',
        "{}",
    ],
)
def test_the_signed_text_is_exactly_what_stands_there(raw: str) -> None:
    answer = read_answer(signed(raw), METHOD)
    assert answer.raw == raw
    answer.verify(PUBLIC)


def test_a_signature_from_before_the_slashes_were_escaped_holds_too() -> None:
    read_answer(signed('{"url":"a\\/b"}', over='{"url":"a/b"}'), METHOD).verify(PUBLIC)


def test_a_signature_over_the_same_json_written_otherwise_does_not_hold() -> None:
    answer = read_answer(signed('{"code":"10000","a":"1"}', over='{"a":"1","code":"10000"}'), METHOD)
    with pytest.raises(InvalidSignature):
        answer.verify(PUBLIC)


@pytest.mark.parametrize("signature", ["", "not base64!", "AAAA"])
def test_what_is_no_signature_does_not_hold(signature: str) -> None:
    with pytest.raises(InvalidSignature):
        read_answer(f'{{"{ROOT}":{{}},"sign":"{signature}"}}', METHOD).verify(PUBLIC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"sign":"x"}',
        f'{{"{ROOT}":{{}}}} and more',
        f'{{"{ROOT}":{{}}',
        f'{{"{ROOT}":{{}},"{ROOT}":{{}},"sign":""}}',
        f'{{"{ROOT}":{{}},"error_response":{{"code":"40002"}},"sign":""}}',
        f'{{"{ROOT}":"ZW5jcnlwdGVk","sign":""}}',
        f'{{"{ROOT}":{{}},"sign":"a","sign":"b"}}',
        f'{{"{ROOT}":{{}},"sign":1}}',
        '{"alipay_system_oauth_token_response":{},"sign":""}',
        '{"error_response":{},"sign":""}',
        '{"error_response":{"code":"10000"},"sign":""}',
        '{"a":' * 2000,
        "[" * 100_000,
    ],
)
def test_anything_but_one_answer_to_this_method_is_refused(text: str) -> None:
    with pytest.raises(MalformedAnswer):
        read_answer(text, METHOD)


def test_a_failure_is_no_success() -> None:
    assert not read_answer('{"error_response":{"code":"40002"}}', METHOD).is_success
    assert not read_answer(f'{{"{ROOT}":{{"code":20000}}}}', METHOD).is_success
    assert read_answer(f'{{"{ROOT}":{{"code":"10000"}}}}', METHOD).is_success


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(content=st.dictionaries(st.text(), json_values, max_size=5), ascii_only=st.booleans(), indent=st.booleans())
def test_whatever_the_writing_the_member_is_cut_out_whole(
    content: dict[str, object], ascii_only: bool, indent: bool
) -> None:
    raw = json.dumps(content, ensure_ascii=ascii_only, indent=2 if indent else None)
    answer = read_answer(f' {{ "{ROOT}" : {raw} ,\n"sign":"c2lnbg==" }} ', METHOD)
    assert (answer.raw, answer.content, answer.signature) == (raw, content, "c2lnbg==")


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(MalformedAnswer):
        read_answer(text, METHOD)


class TestQQAnswers:
    """QQ's three ways of writing."""

    @pytest.mark.parametrize(
        "text",
        [
            'callback( {"error":100020,"error_description":"code is reused error"} );\n',
            '{"error":100020,"error_description":"code is reused error"}',
            'callback({"error":100020,"error_description":"code is reused error"})',
            "error=100020&error_description=code%20is%20reused%20error",
        ],
    )
    def test_all_three_are_read(self, text: str) -> None:
        answer = parse_answer(text)
        assert (str(answer["error"]), answer["error_description"]) == ("100020", "code is reused error")

    @pytest.mark.parametrize("text", ["", "callback( [] );", "a=1&a=2", "<html>", "callback( {} ); alert(1)", "{"])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(ProviderProtocolError):
            parse_answer(text)

    @given(st.text())
    def test_no_text_breaks_the_reader(self, text: str) -> None:
        try:
            assert isinstance(parse_answer(text), dict)
        except ProviderProtocolError:
            pass
