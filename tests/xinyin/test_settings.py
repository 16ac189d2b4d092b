"""Settings: read once, unsafe ones refused by name."""

from pathlib import Path

import pytest

from kernel.errors import ConfigurationError
from xinyin.settings import load_settings

SAFE = {
    "master_key_file": Path("/nowhere/master.key"),
    "mode": "production",
    "public_url": "https://id.example.gov.cn",
    "gateway_url": "https://gw.example.gov.cn",
}


def test_the_demo_needs_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings().database_url.startswith("sqlite")


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "xinyin.toml").write_text('port = 9001\n[wechat]\napp_id = "wx1"\n')
    monkeypatch.setenv("XINYIN_PORT", "9002")
    monkeypatch.setenv("XINYIN_QQ__APP_ID", "qq1")
    settings = load_settings()
    assert (settings.port, settings.wechat.app_id, settings.qq.app_id) == (9002, "wx1", "qq1")


def test_a_slash_at_the_end_of_an_address_changes_nothing() -> None:
    settings = load_settings(public_url="https://id.example.gov.cn/", gateway_url="https://gw.example.gov.cn:8443/")
    assert settings.public_url == "https://id.example.gov.cn"
    assert settings.gateway_url == "https://gw.example.gov.cn:8443"


def test_safe_production_settings_are_taken() -> None:
    assert load_settings(**SAFE).is_https


@pytest.mark.parametrize(
    ("unsafe", "named"),
    [
        ({"public_url": "http://id.example.gov.cn"}, "XINYIN_PUBLIC_URL"),
        ({"gateway_url": "http://gw.example.gov.cn"}, "XINYIN_GATEWAY_URL"),
        ({"wechat": {"app_id": "wx", "base_url": "http://127.0.0.1:1"}}, "XINYIN_WECHAT__BASE_URL"),
        ({"alipay": {"app_id": "a", "app_secret": "demo-secret"}}, "XINYIN_ALIPAY__APP_SECRET"),
        ({"population_register_url": "http://127.0.0.1:1"}, "XINYIN_POPULATION_REGISTER_URL"),
    ],
)
def test_production_refuses_unsafe_settings_naming_each(unsafe: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        load_settings(**(SAFE | unsafe))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"port": 0}, "XINYIN_PORT"),
        ({"mode": "testing"}, "XINYIN_MODE"),
        ({"public_url": "localhost"}, "XINYIN_PUBLIC_URL"),
        ({"workers": 4}, "XINYIN_REDIS_URL"),
        ({"blob_url": "s3://bucket"}, "XINYIN_BLOB_ACCESS_KEY"),
        ({"blob_url": "s4://bucket"}, "XINYIN_BLOB_URL"),
        ({"keys": "pkcs11:token=x"}, "XINYIN_KEYS: .*module-path"),
        ({"keys": "vault:x"}, "XINYIN_KEYS: vault is not the address"),
        ({"keys": "SM2-SM3=file:a ES256,RS256=file:b"}, "XINYIN_KEYS: Ed25519 keys are given no place"),
        ({"prot": 1}, "XINYIN_PROT"),
        ({"tsa_url": "http://tsa.example"}, "XINYIN_TSA_ANCHORS"),
        ({"tsa_url": "tsa.example"}, "XINYIN_TSA_URL"),
        ({"tsa_url": "https://user:word@tsa.example/"}, "XINYIN_TSA_URL"),
        ({"tsa_sm3_url": "ftp://tsa.example"}, "XINYIN_TSA_SM3_URL"),
        ({"tsa_anchors": "/nowhere/at/all"}, "XINYIN_TSA_ANCHORS"),
        ({"tsa_policy": "policy"}, "XINYIN_TSA_POLICY"),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        load_settings(**wrong)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(**(SAFE | {"public_url": "http://a", "gateway_url": "http://b"}))
    assert "XINYIN_PUBLIC_URL" in refusal.value.text
    assert "XINYIN_GATEWAY_URL" in refusal.value.text
