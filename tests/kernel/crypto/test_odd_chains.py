"""What real authorities do that RFC 5280 would not: taken where it is harmless, refused where it matters."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.crypto.certificates import Certificate, ChainError, verify_chain
from kernel.crypto.der import extensions as ext
from kernel.crypto.der import reader, writer
from kernel.crypto.der.algorithms import SIGNATURES
from kernel.crypto.der.extensions import Extension
from kernel.crypto.issuance import issue_certificate, sign_tbs
from kernel.crypto.private_keys import PrivateKey, SM2PrivateKey, generate_key
from kernel.crypto.signatures import SigningAlgorithm
from tests.kernel.crypto.pki import NOW, Pki, build_pki, ca_profile, profile
from tests.kernel.crypto.timestamps.stamps import openssl

NULLED = writer.sequence(writer.oid("1.2.156.10197.1.501"), writer.null())


class EmptyIdKey:
    """Signs as OpenSSL 3.0 does when it is told no signer ID."""

    algorithm: SigningAlgorithm = "SM2-SM3"

    def __init__(self, key: SM2PrivateKey) -> None:
        self._key = key
        self.public_spki = key.public_spki

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, identifier=b"")


@pytest.fixture(scope="module")
def sm2() -> Pki:
    return build_pki("SM2-SM3")


def rewritten(
    certificate: Certificate, key: PrivateKey, change: Callable[[list[bytes]], None], algorithm: bytes = b""
) -> Certificate:
    """The same certificate with fields of its TBS changed byte by byte (0 version … 7 extensions), signed again."""
    fields = [each.encoded for each in reader.read_element(certificate.tbs).children()]
    change(fields)
    tbs = writer.sequence(*fields)
    return Certificate.load(sign_tbs(tbs, algorithm or SIGNATURES[key.algorithm], key))


def name(tag: int, text: bytes) -> bytes:
    return writer.sequence(writer.set_of([writer.sequence(writer.oid("2.5.4.3"), writer.element(tag, text))]))


def setting(number: int, value: bytes) -> Callable[[list[bytes]], None]:
    def change(fields: list[bytes]) -> None:
        fields[number] = value

    return change


def test_null_parameters_inside_or_outside_are_read(sm2: Pki) -> None:
    outside = rewritten(sm2.leaf, sm2.intermediate_key, lambda fields: None, NULLED)
    inside = rewritten(sm2.leaf, sm2.intermediate_key, setting(2, NULLED))
    for leaf in (outside, inside):
        assert len(verify_chain(leaf, [sm2.intermediate], [sm2.root], NOW)) == 3


@pytest.mark.parametrize(
    ("tag", "encoded"),
    [
        (reader.BMP, "签发机构".encode("utf-16-be")),
        (reader.T61, "签发机构".encode("gb18030")),
        (reader.T61, "签发机构".encode()),
        (reader.PRINTABLE, "签发机构".encode("gb18030")),
        (reader.UNIVERSAL, "签发机构".encode("utf-32-be")),
    ],
)
def test_names_in_old_strings_and_charsets_match_those_in_utf8(tag: int, encoded: bytes) -> None:
    """The root calls itself in UTF-8, the certificate below names it in another string type."""
    root_key, key = generate_key("SM2-SM3"), generate_key("SM2-SM3")
    root = issue_certificate(ca_profile(root_key, "x", subject={"CN": "签发机构"}), None, root_key)
    leaf = rewritten(issue_certificate(profile(key, "leaf"), root, root_key), root_key, setting(3, name(tag, encoded)))

    assert leaf.issuer.value("CN") == "签发机构"
    assert verify_chain(leaf, [], [root], NOW) == [leaf, root]


def test_a_subject_in_t61_is_read_for_people(sm2: Pki) -> None:
    leaf = rewritten(sm2.leaf, sm2.intermediate_key, setting(5, name(reader.T61, "云南省电子印章".encode("gb18030"))))
    assert leaf.subject_value("CN") == "云南省电子印章"


def test_a_root_of_version_1_is_taken_as_an_anchor_and_never_as_an_intermediate(sm2: Pki) -> None:
    def version_1(fields: list[bytes]) -> None:
        del fields[7], fields[0]

    old_root = rewritten(sm2.root, sm2.root_key, version_1)
    assert verify_chain(sm2.leaf, [sm2.intermediate], [old_root], NOW)[-1] == old_root

    old_intermediate = rewritten(sm2.intermediate, sm2.root_key, version_1)
    with pytest.raises(ChainError) as refused:
        verify_chain(sm2.leaf, [old_intermediate], [sm2.root], NOW)
    assert refused.value.kind == "not_a_ca"


def test_an_empty_signer_id_counts_below_roots_that_were_set_so_and_nowhere_else() -> None:
    root_key, key = SM2PrivateKey.generate(), generate_key("SM2-SM3")
    proper = issue_certificate(ca_profile(root_key, "Foreign"), None, root_key)
    odd_key = EmptyIdKey(root_key)
    fields = proper.tbs
    root = Certificate.load(sign_tbs(fields, SIGNATURES["SM2-SM3"], odd_key))
    leaf = Certificate.load(
        sign_tbs(issue_certificate(profile(key, "leaf"), proper, root_key).tbs, SIGNATURES["SM2-SM3"], odd_key)
    )

    with pytest.raises(ChainError) as refused:
        verify_chain(leaf, [], [root], NOW)
    assert refused.value.kind == "bad_signature"
    assert verify_chain(leaf, [], [], NOW, empty_id_anchors=[root]) == [leaf, root]
    ordinary = build_pki("SM2-SM3")
    assert verify_chain(ordinary.leaf, [ordinary.intermediate], [ordinary.root], NOW, empty_id_anchors=[root])


def test_openssls_sm2_authority_as_it_comes_is_such_a_root(tmp_path: Path) -> None:
    openssl(tmp_path, "genpkey", "-algorithm", "SM2", "-out", "key.pem")
    openssl(
        tmp_path, "req", "-x509", "-new", "-sm3", "-key", "key.pem", "-subj", "/CN=OpenSSL", "-days", "36500",
        "-outform", "DER", "-out", "root.der",
    )  # fmt: skip
    openssl(tmp_path, "genpkey", "-algorithm", "SM2", "-out", "leaf.pem")
    openssl(tmp_path, "req", "-new", "-sm3", "-key", "leaf.pem", "-subj", "/CN=leaf", "-out", "leaf.csr")
    subprocess.run(
        [
            "openssl", "x509", "-req", "-in", "leaf.csr", "-CA", "root.der", "-CAkey", "key.pem", "-CAform", "DER",
            "-sm3", "-days", "36500", "-outform", "DER", "-out", "leaf.der", "-CAcreateserial", "-vfyopt", "distid:",
        ],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    root, leaf = (Certificate.load((tmp_path / f"{each}.der").read_bytes()) for each in ("root", "leaf"))
    later = max(NOW, leaf.not_before)
    assert verify_chain(leaf, [], [], later, empty_id_anchors=[root]) == [leaf, root]


def test_rsa_pss_certificates_of_openssl_hold(tmp_path: Path) -> None:
    for key in ("root", "leaf"):
        openssl(tmp_path, "genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048", "-out", f"{key}.pem")
    options = ["-sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:48"]
    openssl(
        tmp_path, "req", "-x509", "-new", "-key", "root.pem", "-subj", "/CN=PSS", "-days", "36500", "-out", "root.crt",
        *options,
    )  # fmt: skip
    openssl(tmp_path, "req", "-new", "-key", "leaf.pem", "-subj", "/CN=leaf", "-out", "leaf.csr", *options)
    openssl(
        tmp_path, "x509", "-req", "-in", "leaf.csr", "-CA", "root.crt", "-CAkey", "root.pem", "-days", "36500",
        "-outform", "DER", "-out", "leaf.der", "-CAcreateserial", *options,
    )  # fmt: skip
    openssl(tmp_path, "x509", "-in", "root.crt", "-outform", "DER", "-out", "root.der")
    root, leaf = (Certificate.load((tmp_path / f"{each}.der").read_bytes()) for each in ("root", "leaf"))
    assert leaf.signature_algorithm == "1.2.840.113549.1.1.10"
    assert verify_chain(leaf, [], [root], max(NOW, leaf.not_before)) == [leaf, root]

    damaged = bytearray(leaf.der)
    damaged[-1] ^= 1
    with pytest.raises(ChainError):
        verify_chain(Certificate.load(bytes(damaged)), [], [root], max(NOW, leaf.not_before))


def subtrees(number: int, *bases: bytes) -> bytes:
    return writer.element(reader.context(number), b"".join(writer.sequence(base) for base in bases))


def directory(der: bytes) -> bytes:
    return writer.explicit(4, der)


CITY = writer.sequence(
    writer.set_of([writer.sequence(writer.oid("2.5.4.6"), writer.printable("CN"))]),
    writer.set_of([writer.sequence(writer.oid("2.5.4.10"), writer.utf8("测试机构"))]),
)
ELSEWHERE = writer.sequence(writer.set_of([writer.sequence(writer.oid("2.5.4.6"), writer.printable("XX"))]))
DNS = writer.implicit(2, b"example.cn")


@pytest.mark.parametrize(
    ("limits", "names", "fault"),
    [
        ([subtrees(0, directory(CITY))], [], None),
        ([subtrees(0, directory(ELSEWHERE), directory(CITY))], [], None),
        ([subtrees(0, directory(ELSEWHERE))], [], "name_constraints"),
        ([subtrees(1, directory(CITY))], [], "name_constraints"),
        ([subtrees(1, directory(ELSEWHERE))], [], None),
        ([subtrees(0, DNS)], [], None),
        ([subtrees(0, DNS)], ["seal.example.cn"], "name_constraints"),
        ([], [], "unknown_extension"),
    ],
)
@pytest.mark.parametrize("critical", [True, False])
def test_name_constraints_hold_for_what_is_below(
    limits: list[bytes], names: list[str], fault: str | None, critical: bool
) -> None:
    root_key, key = generate_key("ES256"), generate_key("ES256")
    constrained = Extension(ext.NAME_CONSTRAINTS, critical, writer.sequence(*limits))
    root = issue_certificate(ca_profile(root_key, "Limited", extra_extensions=[constrained]), None, root_key)
    leaf = issue_certificate(profile(key, "leaf", dns_names=names), root, root_key)
    if fault is None:
        assert verify_chain(leaf, [], [root], NOW) == [leaf, root]
        return
    with pytest.raises(ChainError) as refused:
        verify_chain(leaf, [], [root], NOW)
    assert refused.value.kind == fault
