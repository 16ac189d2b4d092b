"""A signing service: the keys of this machine, for other machines of the house (`xinyin signer`).

Owns: the HTTP server of docs/remote-signer.md, who may do what with which key, knowing a repeated request again.
Does not own: the keys (`kernel.crypto.custody`), the client (`kernel.crypto.custody.remote`). It needs no database.
Entry points: `app.create_signer_app`, `clients.read_clients`.
"""
