"""Neighbouring vaults: a city's vault tells a province's which licences there are; the province passes calls on to it.

Owns: the register of neighbours (`register`), the directory that is sent up (`entries`, `changes`, `pushing`), the one
that is kept for those below (`receiving`), calling them (`peer`, `breaker`). Does not own: passing calls on, nor who
may have what (`sharing`): the vault that issued a licence judges each call itself. Standards: GB/T 36902-2018
(directory entries), GB/T 36906-2018 (functions, result codes). Entry points: `register.NeighbourRegister`,
`runner.NeighbourRunner`.
"""
