"""OFD files (GB/T 33190-2016): the package, its description of pages and signatures, and adding a seal.

Owns: a strict reader that refuses dangerous archives, a writer with one possible result, lenient finding of elements
and files (makers differ). Does not own: drawing pages (the vault's layout) or judging signatures.
Entry points: `package.OfdPackage`, `document.load_document`, `signature_file.load_signature_file`, `signing.seal_ofd`.
"""
