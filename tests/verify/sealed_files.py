"""Really sealed files that name a licence."""

from seal.documents.ofd.signing import OfdSealRequest, seal_ofd
from seal.documents.positions import StampPosition
from tests.seal.ofd_samples import minimal_files, zipped
from tests.seal.pki import NOW, Holder, SealPki
from tests.verify.world import IDENTIFIER


def licence_ofd(identifier: str | None = IDENTIFIER) -> bytes:
    """An unsealed OFD whose metadata names a licence (GB/T 36903: ZZBS)."""
    files = minimal_files()
    if identifier is not None:
        custom = f'<ofd:CustomDatas><ofd:CustomData Name="ZZBS">{identifier}</ofd:CustomData></ofd:CustomDatas>'
        files["OFD.xml"] = files["OFD.xml"].replace(b"</ofd:DocInfo>", custom.encode() + b"</ofd:DocInfo>")
    return zipped(files)


def sealed_ofd(pki: SealPki, identifier: str | None = IDENTIFIER, *, signer: Holder | None = None) -> bytes:
    """The same, sealed by the example authority."""
    signer = signer or pki.signer
    request = OfdSealRequest(
        seal=pki.seal if signer is pki.signer else pki.make_seal(signer),
        signer=signer.key,
        certificate=signer.certificate.der,
        positions=[StampPosition(1, 120, 200, 42, 42)],
        signed_at=NOW,
    )
    return seal_ofd(licence_ofd(identifier), request)
