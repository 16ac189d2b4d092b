"""The same licence in other forms than its sealed files: signed JSON, and a credential for wallets (SD-JWT VC).

Owns: what these forms say, the types that wallets look up, the published keys of their issuer. Does not own: the sealed
files (`issuing`), handing credentials to wallets (`wallets`). Nothing is kept: a form is made and signed when somebody
asks for it. Standards: RFC 7515, RFC 9901, draft-ietf-oauth-sd-jwt-vc. Entry point: `service.LicenceForms`.
"""
