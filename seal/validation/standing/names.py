"""What people call the holder of a certificate."""

from kernel.crypto.certificates import Certificate


def readable_name(certificate: Certificate) -> str:
    """Organisation and common name, or what else it has."""
    organisation, common = certificate.subject_value("O"), certificate.subject_value("CN")
    if organisation and common and organisation != common:
        return f"{organisation} ({common})"
    return organisation or common or str(certificate.subject)
