"""The verification report: its shape, its verdict rules and its words.

Owns: `report` (seal validation and the licence's standing as one, in the contract's shape), `wording` (msgids of
verdicts and reasons), `text` (plain text for the command line). The page is `templates/verify/report.html`.
Does not own: the words and rules of a check (`seal.validation.report`).
Standards: ETSI EN 319 102-1 (indications), GB/T 36906-2018 (result codes).
"""
