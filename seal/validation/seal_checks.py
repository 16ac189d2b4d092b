"""Is the seal itself genuine, and was it in force (GB/T 38540-2020 §6.2)."""

from collections.abc import Iterator
from datetime import datetime

from kernel.crypto.certificates import CertificateUnreadable
from kernel.crypto.der import reader
from kernel.crypto.signatures import InvalidSignature, read_signature
from seal.structures.gbt38540 import SM2_WITH_SM3, ElectronicSeal, SealProperties
from seal.validation.certificates import CertificateQuestion, judge_certificate, load_certificate
from seal.validation.report import Check, SealSummary, SubIndication, failed, passed, undecided, warning
from seal.validation.standing.names import readable_name
from seal.validation.time_stamps import Stamped, judge_stamp
from seal.validation.trust import SealStatus, TrustStore

_NUMBER_SIZE = 32
_NO_MAKER = frozenset({"1.3.6.1.5.5.7.3.36", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"})
"""Extended key usages: signing documents (RFC 9336), time stamps, OCSP."""

SEAL_MAKER = "Seal maker's signature"
SEAL_MAKER_CERTIFICATE = "Seal maker's certificate"
SEAL_MAKER_REVOCATION = "Revocation of the seal maker's certificate"
SEAL_PERIOD = "Period of the seal"
SEAL_STAMP = "Time stamp of the seal"
SEAL_SIGNER = "Signer listed in the seal"
SEAL_EXTENSIONS = "Extensions of the seal"
SEAL_STATUS = "Standing of the seal"


def judge_seal(
    seal: ElectronicSeal, signer: bytes, *, used_at: datetime, asked_at: datetime, trust: TrustStore
) -> Iterator[Check]:
    """Steps a to e of §6.2 and the seal's list of signers; `signer` is the certificate (DER) that sealed."""
    maker = seal.maker_certificate
    yield check_signature(SEAL_MAKER, maker, seal.signature_algorithm, seal.signature, seal.signed_bytes)
    made_at = seal.contents.properties.created_at
    yield from judge_certificate(
        CertificateQuestion(maker, made_at, asked_at, SEAL_MAKER_CERTIFICATE, SEAL_MAKER_REVOCATION), trust.for_makers()
    )
    yield from _judge_purpose(maker)
    yield _judge_period(seal.contents.properties, used_at)
    if seal.timestamp is not None:
        stamped = Stamped(seal.timestamp, (seal.signature,), made_at)
        yield from judge_stamp(stamped, trust, asked_at, SEAL_STAMP)[0]
    if signer in seal.contents.properties.certificates:
        yield passed(SEAL_SIGNER, "The seal lists the signer's certificate.")
    elif seal.contents.properties.allows(signer):
        yield passed(SEAL_SIGNER, "The seal lists the digest of the signer's certificate.")
    else:
        why = SubIndication.SIG_CONSTRAINTS_FAILURE
        yield failed(SEAL_SIGNER, why, "The seal does not list the signer's certificate.")
    for extension in seal.contents.extensions:
        if extension.critical:
            detail = "The seal has an extension that is not understood: {oid}."
            yield warning(SEAL_EXTENSIONS, detail, oid=extension.oid)
    status = find_status(seal, trust)
    yield judge_status(status, used_at, is_known=status is None or status.knows_seal(seal.encoded))


def _judge_purpose(maker: bytes) -> Iterator[Check]:
    """Under one root stand makers and signers: who was certified to sign documents must not make itself a seal."""
    try:
        certificate = load_certificate(maker)
    except CertificateUnreadable:
        return
    purposes = frozenset(certificate.extended_key_usage)
    if purposes and purposes <= _NO_MAKER:
        why = SubIndication.CHAIN_CONSTRAINTS_FAILURE
        detail = "The certificate of {subject} is not for making seals."
        yield failed(SEAL_MAKER_CERTIFICATE, why, detail, subject=readable_name(certificate))


def _judge_period(properties: SealProperties, used_at: datetime) -> Check:
    period = {"start": f"{properties.valid_from:%Y-%m-%d}", "end": f"{properties.valid_to:%Y-%m-%d}"}
    outside = "The seal is valid from {start} to {end} only."
    if used_at < properties.valid_from:
        return failed(SEAL_PERIOD, SubIndication.NOT_YET_VALID, outside, **period)
    if used_at > properties.valid_to:
        return failed(SEAL_PERIOD, SubIndication.EXPIRED, outside, **period)
    return passed(SEAL_PERIOD, "Sealed between {start} and {end}.", **period)


def check_signature(name: str, certificate: bytes, algorithm: str, signature: bytes, data: bytes) -> Check:
    """An SM2 signature value over `data` with the key of `certificate`."""
    if algorithm != SM2_WITH_SM3:
        why = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
        return undecided(name, why, "The algorithm {oid} is not allowed here.", oid=algorithm)
    try:
        key = load_certificate(certificate).public_key()
    except CertificateUnreadable:
        return undecided(name, SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "The certificate cannot be read.")
    if key.algorithm != "SM2-SM3":
        why = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
        return undecided(name, why, "The algorithm {oid} is not allowed here.", oid=key.algorithm)
    try:
        key.verify(_read_signature(signature), data)
    except InvalidSignature:
        return failed(name, SubIndication.SIG_CRYPTO_FAILURE, "The signature value does not hold.")
    return passed(name, "The signature value holds.")


def _read_signature(signature: bytes) -> bytes:
    """A signature value as `verify` takes it; some makers put needless zeros before its two numbers."""
    try:
        return read_signature(signature)
    except InvalidSignature:
        pass
    try:
        numbers = reader.read_element(signature).children(reader.SEQUENCE)
        contents = [reader.expect(number, reader.INTEGER).content.lstrip(b"\0") for number in numbers]
    except ValueError as failure:
        raise InvalidSignature from failure
    if len(contents) != 2 or max(map(len, contents)) > _NUMBER_SIZE:
        raise InvalidSignature
    return read_signature(b"".join(content.rjust(_NUMBER_SIZE, b"\0") for content in contents))


def find_status(seal: ElectronicSeal, trust: TrustStore) -> SealStatus | None:
    """What the register says of the seal, if one is at hand and knows it."""
    return trust.seal_status(seal.contents.seal_code) if trust.seal_status else None


def summary(seal: ElectronicSeal, trust: TrustStore) -> SealSummary:
    """The seal as the report shows it."""
    status = find_status(seal, trust)
    known = status if status and status.knows_seal(seal.encoded) else None
    return SealSummary(seal.contents.seal_code, seal.contents.properties.name, known.state if known else "unknown")


def judge_status(status: SealStatus | None, used_at: datetime, *, is_known: bool = True) -> Check:
    """What the register's word on the seal means for a signature made at `used_at`.

    `is_known`: the seal, or the certificate that stands for it, is one that the register lists under its code.
    """
    if status is None:
        return warning(SEAL_STATUS, "The register of this seal was not asked.")
    if not is_known:
        verdict = failed if status.all_told else undecided
        why = SubIndication.SIG_CONSTRAINTS_FAILURE
        detail = "The register knows another seal under this code."
        return verdict(SEAL_STATUS, why, detail)
    if status.state == "active" and status.as_of:
        detail = "The seal was in use on {day}. The list of seals at hand is older than it may be."
        return warning(SEAL_STATUS, detail, day=f"{status.as_of:%Y-%m-%d}")
    if status.state == "active":
        return passed(SEAL_STATUS, "The seal is in use.")
    day = f"{status.since:%Y-%m-%d}"
    if status.since <= used_at:
        detail = "The seal has been out of use since {day}, before this signature."
        return failed(SEAL_STATUS, SubIndication.REVOKED, detail, day=day)
    return warning(SEAL_STATUS, "The seal has been out of use since {day}, after this signature.", day=day)
