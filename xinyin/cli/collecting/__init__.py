"""Commands about legacy licences: `xinyin licence collect` and `xinyin licence collection`.

Owns: `commands`. Does not own: any rule of collections (`licence_vault.collection`). Rows with a question are for the
console or the API: whoever decides on them has a name.
"""
