"""AlgorithmIdentifiers of what our keys sign with, by the name of the algorithm (RFC 5280 §4.1.1.2, GM/T 0006)."""

from kernel.crypto.der import writer

SIGNATURES: dict[str, bytes] = {
    "SM2-SM3": writer.sequence(writer.oid("1.2.156.10197.1.501")),
    "ES256": writer.sequence(writer.oid("1.2.840.10045.4.3.2")),
    "RS256": writer.sequence(writer.oid("1.2.840.113549.1.1.11"), writer.null()),
    "Ed25519": writer.sequence(writer.oid("1.3.101.112")),
}
