"""The pure parts: forms as browsers read them, cookies by RFC 6265, names by their alias."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sso_proxy.gateway.cookies import is_own, pairs, relayed_set_cookie, upstream_header
from sso_proxy.gateway.headers import canonical_alias, end_to_end, is_reserved, moved
from sso_proxy.replay.forms import find_login_form
from sso_proxy.replay.jar import CookieJar, default_path, parse_set_cookie, path_matches

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PAGE = "http://app.test/dir/page?x=1"


def test_every_successful_control_is_sent_in_document_order() -> None:
    found = find_login_form(
        b"""<form action="in" id="f" method="post"><input type=hidden name=token value="a+\\b"><input name=user>
        <fieldset disabled><input name=off value=1></fieldset><input type=password name=pw>
        <input type=checkbox name=stay checked><input type=checkbox name=not>
        <select name=realm><option value=1>One<option value=2 selected>Two</select>
        <textarea name=note>\nhello</textarea><input type=submit name=go value=In><button name=other>x</button></form>
        <input form=f name=outside value=yes><input name=stranger value=no>""",
        PAGE,
    )
    assert found is not None
    assert found.filled("ming", "p") == (
        ("token", "a+\\b"),
        ("user", "ming"),
        ("pw", "p"),
        ("stay", "on"),
        ("realm", "2"),
        ("note", "hello"),
        ("go", "In"),
        ("outside", "yes"),
    )
    assert (found.action, found.method) == ("http://app.test/dir/in", "POST")


@pytest.mark.parametrize(
    "markup",
    [
        "<form><input name=u><input type=password name=a><input type=password name=b></form>",
        "<form><input name=u></form>",
        "<p>Forgot your password?</p>",
        "<form><input type=password name=a disabled></form>",
        "<form><input type=password></form>",
        "<input type=password name=loose>",
        "",
    ],
)
def test_what_is_not_a_login_form(markup: str) -> None:
    assert find_login_form(markup.encode(), PAGE) is None


def test_a_password_change_beside_the_login_is_passed_over() -> None:
    markup = (
        b"<form action=/change><input type=password name=old><input type=password name=new></form>"
        b"<form action=/in><input name=u><input type=password name=p></form>"
    )
    found = find_login_form(markup, PAGE)
    assert found is not None
    assert found.action == "http://app.test/in"


def test_base_and_empty_actions() -> None:
    inputs = "<input name=u><input type=password name=p></form>"
    with_base = find_login_form(f"<base href='/other/'><form action=in>{inputs}".encode(), PAGE)
    assert with_base is not None
    assert with_base.action == "http://app.test/other/in"
    empty = find_login_form(f"<base href='/other/'><form>{inputs}".encode(), PAGE)
    assert empty is not None
    assert empty.action == PAGE


def test_a_page_in_gbk_is_answered_in_gbk() -> None:
    markup = '<meta charset="gbk"><form method=post><input name="用户"><input type=password name=p></form>'.encode(
        "gbk"
    )
    found = find_login_form(markup, PAGE)
    assert found is not None
    sent = found.submission("张三", "密码").body
    assert sent is not None
    assert dict(parse_qsl(sent.decode(), encoding="gbk")) == {"用户": "张三", "p": "密码"}


def test_multipart_and_get() -> None:
    inputs = "<input name=u><input type=password name=p></form>"
    multipart = find_login_form(f"<form method=post enctype=multipart/form-data>{inputs}".encode(), PAGE)
    assert multipart is not None
    sent = multipart.submission("a", "b")
    assert sent.content_type is not None
    assert sent.content_type.startswith("multipart/form-data; boundary=")
    assert b'name="p"\r\n\r\nb\r\n' in (sent.body or b"")
    plain = find_login_form(f"<form action='/in?old=1'>{inputs}".encode(), PAGE)
    assert plain is not None
    assert plain.submission("a b", "c&d").url == "http://app.test/in?u=a+b&p=c%26d"


@given(st.binary(max_size=2000))
def test_no_page_breaks_the_parser(body: bytes) -> None:
    find_login_form(body + b"<form><input type=password name=p>" + body, PAGE)


@given(st.text(max_size=40), st.text(max_size=40))
def test_what_is_typed_arrives_as_typed(username: str, password: str) -> None:
    found = find_login_form(b"<form method=post><input name=u><input type=password name=p></form>", PAGE)
    assert found is not None
    try:
        username.encode(), password.encode()
    except UnicodeEncodeError:
        return
    body = (found.submission(username, password).body or b"").decode()
    arrived = dict(parse_qsl(body, keep_blank_values=True))

    def lines(text: str) -> str:
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")

    assert arrived == {"u": lines(username), "p": lines(password)}


@given(st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=300))
def test_no_cookie_breaks_the_jar(value: str) -> None:
    jar = CookieJar("app.test")
    jar.store(value, "/a/b", NOW)
    assert CookieJar.load(jar.dump()).header("/a/b", NOW) == jar.header("/a/b", NOW)
    assert "\n" not in jar.header("/a/b", NOW)


def test_the_jar_keeps_paths_ages_and_deletions() -> None:
    jar = CookieJar("app.test")
    for each in ("a=1; Path=/x", "b=2; Max-Age=60", "c=3; Secure", "d=4; Path=/", "a=0; Path=/"):
        jar.store(each, "/dir/page", NOW)
    assert jar.header("/x/y", NOW, secure=False) == "a=1; d=4; a=0"
    assert jar.header("/dir/z", NOW) == "b=2; c=3; d=4; a=0"
    jar.store("d=; Expires=Thu, 01-Jan-1970 00:00:00 GMT; Path=/", "/", NOW)
    assert jar.header("/dir/z", NOW.replace(hour=1), secure=False) == "a=0"
    jar.store("evil=1; Domain=other.test", "/", NOW)
    assert "evil" not in jar.names()


@pytest.mark.parametrize(
    ("path", "cookie_path", "matches"),
    [("/a", "/a", True), ("/ab", "/a", False), ("/a/b", "/a", True), ("/a/b", "/a/", True), ("/", "/a", False)],
)
def test_paths_match_by_whole_segments(path: str, cookie_path: str, matches: bool) -> None:
    assert path_matches(path, cookie_path) is matches


def test_default_paths() -> None:
    assert [default_path(each) for each in ("/", "/a", "/a/", "/a/b?x=/y", "x")] == ["/", "/", "/a", "/a", "/"]


def test_broken_set_cookies_are_ignored() -> None:
    assert parse_set_cookie("no equals sign", "/", NOW) is None
    assert parse_set_cookie("a=1\r\nb=2", "/", NOW) is None


@given(st.text(st.sampled_from("xX-_. userUSER"), min_size=1, max_size=12))
def test_the_alias_is_stable_and_harmless(name: str) -> None:
    alias = canonical_alias(name)
    assert canonical_alias(alias) == alias
    assert len(alias) == len(name)
    assert is_reserved(name, [name])


@pytest.mark.parametrize("name", ["X-Xinyin-User", "x_xinyin_user", "X.XINYIN.USER", "x xinyin-user", "X_Real-IP"])
def test_every_spelling_of_an_identity_header_is_reserved(name: str) -> None:
    assert is_reserved(name)


def test_own_cookies() -> None:
    assert is_own("xinyin_gw")
    assert is_own("__Host-xinyin_session_page")
    assert not is_own("session")
    assert relayed_set_cookie("xinyin_gw=1; Path=/") is None
    assert relayed_set_cookie("a=1; domain=x; Path=/; HttpOnly") == "a=1; Path=/; HttpOnly"
    jar = CookieJar("app.test")
    jar.store("sid=1; Path=/", "/", NOW)
    assert upstream_header(pairs(["sid=forged; a=1", "xinyin_gw=x"]), jar, jar.header("/", NOW)) == "sid=1; a=1"


def test_named_hop_headers_go() -> None:
    headers = [("Connection", "close, X-A"), ("X-a", "1"), ("X-B", "2"), ("Upgrade", "h2c")]
    assert end_to_end(headers) == [("X-B", "2")]


@pytest.mark.parametrize(
    ("address", "result"),
    [
        ("http://10.0.0.8:8080/a?b", "https://oa.gov.test/a?b"),
        ("https://10.0.0.8:8080/a", "https://oa.gov.test/a"),
        ("//10.0.0.8:8080/a", "https://oa.gov.test/a"),
        ("/a", "/a"),
        ("a?u=http://10.0.0.8:8080/", "a?u=http://10.0.0.8:8080/"),
        ("http://10.0.0.8/a", "http://10.0.0.8/a"),
        ("http://[", "http://["),
    ],
)
def test_addresses_move_with_their_origin(address: str, result: str) -> None:
    assert moved(address, "http://10.0.0.8:8080", "https://oa.gov.test") == result
