"""Time stamps: asking for them, reading, judging and making them.

Owns: the messages of the time-stamp protocol, tokens, the CMS they are wrapped in. Does not own: a serial number's
uniqueness and the clock (`seal.timestamp`), transport, revocation of a stamping certificate.
Standards: RFC 3161, RFC 5816 (ESSCertIDv2), GM/T 0033 in its spirit (the same structures with SM3 and SM2).
Entry points: `messages.TimestampRequest`, `messages.TimestampResponse`, `token.TimestampToken`,
`verification.verify_timestamp`, `making.make_token`.
"""
