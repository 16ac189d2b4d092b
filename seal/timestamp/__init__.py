"""Time stamps for what is sealed: the built-in authority, an outside one, and what happens while neither answers.

Owns: the `Stamper` seam, `POST /tsa`, serial numbers and the clock of the built-in authority, the list of stamps still
to be fetched; tables `seal_tsa_run`, `seal_pending_timestamp`. Does not own: the format of tokens
(`kernel.crypto.timestamps`), stamping keys and certificates (`seal.authority`), where a token goes in a document.
Standards: RFC 3161, RFC 5816; GM/T 0033 in its spirit.
Entry points: `stamper.Stamper`, `service.TimestampService`, `routes`.
"""
