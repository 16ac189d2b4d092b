"""SAML on the wire: XML read safely, signatures, encryption, the bindings.

Owns: how messages travel. Does not own: what they mean.
Standards: SAML Bindings 2.0 §3.2, §3.4, §3.5; XML Signature 1.1; XML Encryption 1.1.
Entry points: `markup.parse`, `signatures`, `encryption.encrypt`, `bindings`.
"""
