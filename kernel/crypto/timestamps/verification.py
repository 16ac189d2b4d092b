"""Judging a time stamp (RFC 3161 §2.2, §2.3): is it over this, from an authority that is trusted, and when."""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from kernel.crypto.certificates import Certificate, ChainError, ChainErrorKind, verify_chain
from kernel.crypto.der import extensions as ext
from kernel.crypto.signatures import InvalidSignature
from kernel.crypto.timestamps.token import TimestampToken

TIME_STAMPING: Final = "1.3.6.1.5.5.7.3.8"
CLOCK_SKEW: Final = timedelta(minutes=5)


class CertificateTrust(Protocol):
    """Anchors are trusted, intermediates help to find a chain."""

    @property
    def anchors(self) -> Sequence[Certificate]: ...

    @property
    def intermediates(self) -> Sequence[Certificate]: ...


def verify_timestamp(
    token: TimestampToken, data_digest: bytes, trust: CertificateTrust, at: datetime
) -> list[Certificate]:
    """Check that a trusted authority stamped `data_digest`; returns its chain, signer first, anchor last.

    `data_digest` was made with `token.digest_name`. `at`: the moment that the certificates must be good at: of asking,
    or, for a token that later ones protect, of the next later one; they must also have been good at the token's own
    time. Revocation is the caller's question. Raises InvalidSignature, ChainError, CertificateUnreadable.
    """
    if not hmac.compare_digest(token.imprint, data_digest):
        raise InvalidSignature(reason="the time stamp is over something else")
    if token.time > at + CLOCK_SKEW:
        raise InvalidSignature(reason="the time stamp lies in the future")
    signer = token.find_signer(trust.intermediates)
    if signer is None:
        raise InvalidSignature(reason="the time-stamping certificate is not at hand")
    token.signed.verify(signer)
    check_time_stamping(signer)
    companions = [*token.certificates, *trust.intermediates]
    path = verify_chain(signer, companions, trust.anchors, token.time, usages=("digital_signature", "non_repudiation"))
    if at > token.time:
        path = verify_chain(signer, companions, trust.anchors, at)
    return path


def check_time_stamping(certificate: Certificate) -> None:
    """A stamping certificate is for nothing else, and says so critically (§2.3); raises ChainError."""
    extension = certificate.extensions.get(ext.EXTENDED_KEY_USAGE)
    if extension is None or not extension.critical or certificate.extended_key_usage != (TIME_STAMPING,):
        raise ChainError(ChainErrorKind.KEY_USAGE, certificate, reason="not for time stamping")
