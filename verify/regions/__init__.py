"""Other regions whose licences are believed here: their trust packs, who brought them, and who approved them.

Owns: reading and checking a pack of another house (`pack`), its way from proposal to trust and back (`service`), what
is believed besides our own (`trust`), judging what is theirs (`judging`). Does not own: our own trust list
(`verify.trust_list`). Entry point: `service.Regions`.
Trap avoided: a region speaks for its own address alone, never for another's licences, and never for ours.
"""
