"""Receipts: a signed statement of what was found, which whoever asked can show later.

Owns: what a receipt says. Does not own a key: `ReceiptSigner` is given by the composition root.
Standard: RFC 7515 (JWS, compact). Entry point: `receipt.make_receipt`.
"""
