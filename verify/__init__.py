"""What third parties use to find out whether a licence is genuine and still holds: no account, no private key.

Owns: reading and judging QR texts (`qr`), judging uploaded files (`upload`), the report and its words (`report`), the
published trust list and its export for use without a server (`trust_list`), the page that works offline (`offline`).
Does not own: the rules of seals and signatures (`seal.validation`), the standing of a licence (`licence_vault.lookup`),
any key: a receipt is signed by whoever the composition root puts behind `receipt.ReceiptSigner`.
Standard: GB/T 36906-2018 result codes; ETSI EN 319 102-1 indications; RFC 9052 COSE and RFC 8392 CWT in QR codes.
Entry points: `app.build_services`, `app.page_routes`, `app.api_router`, `offline_check.verify_offline`.
"""
