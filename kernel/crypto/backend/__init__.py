"""Where SM2 arithmetic comes from.

Owns: the binding to the system's OpenSSL, the curve, the verify-only pure-Python fallback.
Does not own: key objects (`kernel.crypto.sm2`, `kernel.crypto.private_keys`).
Standard: GB/T 32918 (SM2 curve and signature).
Entry points: `libcrypto.load_libcrypto`, `sm2_fallback.verify`.
"""
