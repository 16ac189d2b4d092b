"""Real-name assurance: tying a person to a name and ID number that the population register knows.

Owns: the check, its page, what is said when it fails. Does not own: the binding itself and its uniqueness
(`idp.persons`), the register (somebody else's; `register.PopulationRegister` is what we need of it).
Rules: one ID number, one person; a match gives level 3; numbers are never logged, and never stored readable.
Entry points: `service.AssuranceService`, `routes`.
"""
