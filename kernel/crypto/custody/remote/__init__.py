"""Keys behind another program, reached over HTTP (docs/remote-signer.md has the wire format).

Owns: the client's side. Does not own: the server (`xinyin.signer`), though any server of that wire format will do.
Entry points: `address.read_remote_address`, `store.RemoteKeyStore`.
"""
