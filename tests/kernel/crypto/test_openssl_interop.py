"""The OpenSSL program accepts what we sign, and we accept what it signs."""

import pytest

from kernel.crypto.der.reader import read_element
from kernel.crypto.private_keys import SM2PrivateKey, load_private_key
from kernel.crypto.public_keys import load_public_key, verify_by_identifier
from kernel.crypto.signatures import InvalidSignature
from kernel.crypto.sm2 import SM2PublicKey

DISTID = "distid:1234567812345678"


def test_openssl_verifies_our_sm2_signature(openssl):
    key = SM2PrivateKey.generate()
    openssl.write_pem("public.pem", "PUBLIC KEY", key.public_spki)
    openssl.write("message", b"licence")
    openssl.write("signature", key.sign(b"licence"))
    command = ("dgst", "-sm3", "-sigopt", DISTID, "-verify", "public.pem", "-signature", "signature", "message")
    assert openssl(*command).stdout.strip() == "Verified OK"
    openssl.write("message", b"another licence")
    assert openssl(*command).returncode != 0


def test_we_verify_openssl_s_sm2_signature(openssl):
    assert openssl("genpkey", "-algorithm", "SM2", "-out", "key.pem").returncode == 0
    openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "public.der")
    openssl.write("message", b"licence")
    signed = openssl("dgst", "-sm3", "-sigopt", DISTID, "-sign", "key.pem", "-out", "signature", "message")
    assert signed.returncode == 0, signed.stderr
    public = SM2PublicKey.from_spki(openssl.read("public.der"))
    public.verify(openssl.read("signature"), b"licence")
    with pytest.raises(InvalidSignature):
        public.verify(openssl.read("signature"), b"another licence")


def test_each_reads_the_other_s_private_key(openssl):
    openssl("genpkey", "-algorithm", "SM2", "-out", "theirs.pem")
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", "theirs.pem", "-outform", "DER", "-out", "theirs.der")
    theirs = load_private_key(openssl.read("theirs.der"))
    load_public_key(theirs.public_spki).verify(theirs.sign(b"licence"), b"licence")
    openssl.write("ours.der", SM2PrivateKey.generate().to_pkcs8())
    checked = openssl("pkey", "-inform", "DER", "-in", "ours.der", "-check", "-noout")
    assert "Key is valid" in checked.stdout + checked.stderr


def test_openssl_opens_what_we_encrypt(openssl):
    key = SM2PrivateKey.generate()
    openssl.write_pem("key.pem", "PRIVATE KEY", key.to_pkcs8())
    openssl.write("cipher", key.public_key.encrypt(b"a session key"))
    opened = openssl("pkeyutl", "-decrypt", "-inkey", "key.pem", "-in", "cipher", "-out", "plain")
    assert opened.returncode == 0, opened.stderr
    assert openssl.read("plain") == b"a session key"


def test_openssl_accepts_our_sm2_chain_link_by_link(openssl, sm2_pki):
    """Its program sets the signer ID on the certificate asked about alone, hence one link at a time."""
    for name in ("root", "intermediate", "leaf"):
        openssl.write_pem(f"{name}.pem", "CERTIFICATE", getattr(sm2_pki, name).der)
    at = ("-attime", "1795248000", "-x509_strict", "-vfyopt", DISTID)
    for trusted, asked in [("root", "intermediate"), ("intermediate", "leaf")]:
        judged = openssl("verify", *at, "-partial_chain", "-trusted", f"{trusted}.pem", f"{asked}.pem")
        assert judged.stdout.strip() == f"{asked}.pem: OK", judged.stderr
    judged = openssl("verify", *at, "-partial_chain", "-trusted", "root.pem", "leaf.pem")
    assert judged.returncode != 0


def test_openssl_accepts_our_crl(openssl, sm2_crl):
    openssl.write("list.crl", sm2_crl.der)
    printed = openssl("crl", "-inform", "DER", "-in", "list.crl", "-noout", "-text").stdout
    assert "SM2-with-SM3" in printed
    assert "Superseded" in printed


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_rsa_pss_of_openssl_verifies_by_its_identifier(openssl, keys, digest):
    """RSA-PSS comes in foreign certificates and CMS; the identifier's parameters say the rest (RFC 4055)."""
    openssl.write_pem("key.pem", "PRIVATE KEY", keys["RS256"].to_pkcs8())
    openssl.write("data", b"licence")
    pss = ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1")
    assert openssl("dgst", f"-{digest}", "-sign", "key.pem", *pss, "-out", "signature", "data").returncode == 0
    made = openssl(
        "req", "-new", "-x509", "-key", "key.pem", f"-{digest}", *pss, "-subj", "/CN=a", "-outform", "DER", "-out", "c"
    )
    assert made.returncode == 0, made.stderr
    _, identifier, _ = read_element(openssl.read("c")).children()
    public = load_public_key(keys["RS256"].public_spki)
    verify_by_identifier(public, identifier.encoded, openssl.read("signature"), b"licence")
    for wrong, data in ((openssl.read("signature"), b"license"), (keys["RS256"].sign(b"licence"), b"licence")):
        with pytest.raises(InvalidSignature):
            verify_by_identifier(public, identifier.encoded, wrong, data)
    with pytest.raises(InvalidSignature):
        verify_by_identifier(load_public_key(keys["ES256"].public_spki), identifier.encoded, b"", b"licence")
