"""Putting seals into documents: OFD (`ofd`) and PDF (`pdf`).

Owns: the containers and where in them a signature lives. Does not own: the seal values (`seal.structures`), keys, or
the judging of what comes back (`seal.validation`).
Entry points: `ofd.signing.seal_ofd`, `pdf.signing.seal_pdf`, `ofd.package.OfdPackage`.
"""
