"""What the algorithms must answer, from their standards' annexes. The tests hold the same values with their sources."""

from typing import Final

# GB/T 32918.5-2017 Annex A (signature) and C (encryption): one key pair, the default signer ID.
SM2_PRIVATE_KEY: Final = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
SM2_POINT: Final = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
SM2_MESSAGE: Final = b"message digest"
SM2_DIGEST: Final = 0xF0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640
SM2_R: Final = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
SM2_S: Final = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
SM2_PLAINTEXT: Final = b"encryption standard"
SM2_C1: Final = bytes.fromhex(
    "0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
    "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
)
SM2_C2: Final = bytes.fromhex("21886ca989ca9c7d58087307ca93092d651efa")
SM2_C3: Final = bytes.fromhex("59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766")

# GB/T 32905-2016 Annex A.1 and A.2.
SM3_ABC: Final = bytes.fromhex("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")
SM3_ABCD_16: Final = bytes.fromhex("debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732")

# GB/T 32907-2016 Annex A.1: the key encrypts itself.
SM4_KEY: Final = bytes.fromhex("0123456789abcdeffedcba9876543210")
SM4_BLOCK: Final = bytes.fromhex("681edf34d206965e86b3e94f536e4246")

# draft-ribose-cfrg-sm4-10 Appendix A.2.2, under SM4_KEY.
SM4_CBC_VECTOR: Final = bytes(range(16))
SM4_CBC_PLAINTEXT: Final = bytes.fromhex("aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffaaaaaaaabbbbbbbb")
SM4_CBC_CIPHERTEXT: Final = bytes.fromhex("78ebb11cc40b0a48312aaeb2040244cb4cb7016951909226979b0d15dc6a8f6d")

# RFC 8998 Appendix A.1, under SM4_KEY.
SM4_GCM_NONCE: Final = bytes.fromhex("00001234567800000000abcd")
SM4_GCM_ASSOCIATED: Final = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
SM4_GCM_PLAINTEXT: Final = b"".join(bytes([octet]) * 8 for octet in b"\xaa\xbb\xcc\xdd\xee\xff\xee\xaa")
SM4_GCM_SEALED: Final = bytes.fromhex(
    "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
    "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    "83de3541e4c2b58177e065a9bf7b62ec"
)
