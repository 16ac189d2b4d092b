"""A chain holds or fails for one named reason."""

from datetime import timedelta

import pytest

from kernel.crypto.certificates import Certificate, ChainError, ChainErrorKind, verify_chain
from kernel.crypto.der import writer
from kernel.crypto.der.extensions import Extension
from kernel.crypto.issuance import issue_certificate
from kernel.crypto.private_keys import ECPrivateKey, generate_key
from tests.kernel.crypto.pki import NOW, build_pki, ca_profile, profile


@pytest.fixture(scope="module")
def pki():
    return build_pki("ES256")


def fault_of(*arguments, **options) -> ChainErrorKind:
    with pytest.raises(ChainError) as caught:
        verify_chain(*arguments, **options)
    return caught.value.kind


@pytest.mark.parametrize("algorithm", ["SM2-SM3", "ES256", "RS256", "Ed25519"])
def test_a_chain_is_found_whatever_the_order(algorithm):
    pki = build_pki(algorithm)
    stranger = build_pki("ES256")
    found = verify_chain(pki.leaf, [stranger.intermediate, pki.intermediate], [stranger.root, pki.root], NOW)
    assert found == [pki.leaf, pki.intermediate, pki.root]


def test_an_anchor_in_the_middle_ends_the_chain(pki):
    assert verify_chain(pki.leaf, [], [pki.intermediate], NOW) == [pki.leaf, pki.intermediate]


def test_a_leaf_that_is_itself_an_anchor_is_trusted(pki):
    assert verify_chain(pki.leaf, [], [pki.leaf], NOW) == [pki.leaf]


def test_without_the_root_or_the_intermediate_it_is_untrusted(pki):
    assert fault_of(pki.leaf, [pki.intermediate], [], NOW) == "untrusted"
    assert fault_of(pki.leaf, [], [pki.root], NOW) == "untrusted"
    assert fault_of(pki.root, [], [], NOW) == "untrusted"


def test_outside_its_time_it_fails(pki):
    everything = pki.leaf, [pki.intermediate], [pki.root]
    assert fault_of(*everything, pki.leaf.not_after + timedelta(seconds=1)) == "expired"
    assert fault_of(*everything, pki.leaf.not_before - timedelta(seconds=1)) == "not_yet_valid"
    assert verify_chain(*everything, pki.leaf.not_after)
    assert verify_chain(*everything, pki.leaf.not_before)


def test_an_expired_issuer_is_named(pki):
    short = issue_certificate(
        ca_profile(pki.intermediate_key, "Issuing", not_after=NOW + timedelta(days=1)), pki.root, pki.root_key
    )
    with pytest.raises(ChainError) as caught:
        verify_chain(pki.leaf, [short], [pki.root], NOW + timedelta(days=2))
    assert caught.value.kind == "expired"
    assert caught.value.certificate == short
    assert "Issuing" in caught.value.text


def test_a_chain_that_holds_is_preferred_to_one_that_does_not(pki):
    short = issue_certificate(
        ca_profile(pki.intermediate_key, "Issuing", not_after=NOW + timedelta(days=1)), pki.root, pki.root_key
    )
    assert verify_chain(pki.leaf, [short, pki.intermediate], [pki.root], NOW + timedelta(days=2))


def test_a_forged_leaf_has_a_bad_signature(pki):
    forger = ECPrivateKey.generate()
    fake_issuer = issue_certificate(ca_profile(forger, "Issuing"), None, forger)
    forged = issue_certificate(profile(ECPrivateKey.generate(), "forged"), fake_issuer, forger)
    assert fault_of(forged, [pki.intermediate], [pki.root], NOW) == "bad_signature"
    assert fault_of(forged, [fake_issuer, pki.intermediate], [pki.root], NOW) == "untrusted"


def test_an_end_entity_cannot_issue(pki):
    below = issue_by_force(pki.leaf, pki.leaf_key)
    assert fault_of(below, [pki.leaf, pki.intermediate], [pki.root], NOW) == "not_a_ca"


def test_a_ca_whose_key_is_not_for_certificates_cannot_issue(pki):
    key = generate_key("ES256")
    crl_only = with_extensions(pki, key, "crl only", [ca_constraints(), usage_bits(6)])
    below = issue_certificate(profile(generate_key("ES256"), "below"), crl_only, key)
    assert fault_of(below, [crl_only, pki.intermediate], [pki.root], NOW) in ("key_usage", "path_length")
    assert fault_of(below, [crl_only], [pki.intermediate], NOW) == "key_usage"


def test_the_path_length_is_kept(pki):
    key = generate_key("ES256")
    extra = issue_certificate(ca_profile(key, "one too many"), pki.intermediate, pki.intermediate_key)
    below = issue_certificate(profile(generate_key("ES256"), "below"), extra, key)
    assert fault_of(below, [extra, pki.intermediate], [pki.root], NOW) == "path_length"


def test_the_leaf_must_be_for_the_use_in_question(pki):
    everything = pki.leaf, [pki.intermediate], [pki.root], NOW
    assert verify_chain(*everything, usages=["digital_signature", "key_encipherment"])
    assert fault_of(*everything, usages=["key_encipherment"]) == "key_usage"


def test_an_unknown_critical_extension_fails_and_an_unknown_other_does_not(pki):
    for critical in (True, False):
        extension = Extension("1.2.3.4", critical, writer.null())
        leaf = issue_certificate(
            profile(generate_key("ES256"), "odd", extra_extensions=[extension]), pki.intermediate, pki.intermediate_key
        )
        if critical:
            assert fault_of(leaf, [pki.intermediate], [pki.root], NOW) == "unknown_extension"
        else:
            assert verify_chain(leaf, [pki.intermediate], [pki.root], NOW)


def test_critical_policy_constraints_are_refused_rather_than_ignored(pki):
    key = generate_key("ES256")
    constraints = Extension("2.5.29.36", True, writer.sequence())
    constrained = with_extensions(pki, key, "constrained", [ca_constraints(), usage_bits(5), constraints])
    below = issue_certificate(profile(generate_key("ES256"), "below"), constrained, key)
    path = [pki.root, issue_certificate(ca_profile(pki.intermediate_key, "Issuing"), pki.root, pki.root_key)]
    assert fault_of(below, [constrained, *path], [pki.root], NOW) == "unknown_extension"


def test_a_crowd_of_false_issuers_costs_little(pki):
    crowd = [issue_certificate(ca_profile(key, "Issuing"), None, key) for key in [generate_key("ES256")] * 200]
    assert fault_of(pki.leaf, crowd, [], NOW) in ("untrusted", "bad_signature")


def test_certificates_that_issue_each_other_do_not_loop():
    one, two = generate_key("ES256"), generate_key("ES256")
    root = issue_certificate(ca_profile(one, "one"), None, one)
    second = issue_certificate(ca_profile(two, "two"), root, one)
    cross = issue_certificate(ca_profile(one, "one"), second, two)
    leaf = issue_certificate(profile(generate_key("ES256"), "leaf"), second, two)
    assert fault_of(leaf, [second, cross], [], NOW) == "untrusted"


def ca_constraints() -> Extension:
    return Extension("2.5.29.19", True, writer.sequence(writer.boolean(True)))


def usage_bits(*bits: int) -> Extension:
    return Extension("2.5.29.15", True, writer.named_bits(bits))


def issue_by_force(issuer: Certificate, key) -> Certificate:
    """A certificate its issuer had no right to issue: put together past `issue_certificate`."""
    subject_key = generate_key("ES256")
    model = issue_certificate(ca_profile(subject_key, "model"), None, subject_key)
    return signed(model, issuer, key, list(model.extensions.values()))


def with_extensions(pki, key, name: str, extensions: list[Extension]) -> Certificate:
    """A certificate below the intermediate with exactly these extensions."""
    model = issue_certificate(ca_profile(key, name), None, key)
    return signed(model, pki.intermediate, pki.intermediate_key, extensions)


def signed(model: Certificate, issuer: Certificate, key, extensions: list[Extension]) -> Certificate:
    algorithm = writer.sequence(writer.oid("1.2.840.10045.4.3.2"))
    tbs = writer.sequence(
        writer.explicit(0, writer.integer(2)),
        writer.integer(99),
        algorithm,
        issuer.subject.der,
        writer.sequence(writer.time(model.not_before), writer.time(model.not_after)),
        model.subject.der,
        model.spki,
        writer.explicit(3, writer.sequence(*(each.encoded() for each in extensions))),
    )
    return Certificate.load(writer.sequence(tbs, algorithm, writer.bit_string(key.sign(tbs))))
