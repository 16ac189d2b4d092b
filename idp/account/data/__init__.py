"""`/account/data`: a copy of everything that is kept about oneself.

Owns: what belongs into the copy, and handing it out.
Does not own: the data; licences, which holders download one by one.
Standard: 《个人信息保护法》第四十五条 (access and copies). Entry points: `service.DataCopies`, `routes.DataPages`.
"""
