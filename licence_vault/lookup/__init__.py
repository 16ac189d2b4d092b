"""Finding licences: by their holders, by their issuers, by those who verify.

Owns: who may see what (`access`, the only door to data about a person), the searches (`service`), how a licence is told
to programs (`representation`). Does not own: changing anything but the record of who looked.
Entry point: `service.Lookup`.
"""
