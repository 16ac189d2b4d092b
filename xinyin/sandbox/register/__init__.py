"""The state's registers imitated: who is registered under which number, for natural and legal persons.

Owns: a yes-or-no answer to "do these elements belong together?" (two elements for people, three for organisations).
Does not own: how sure Xinyin becomes by it; that is the identity provider's.
Standard: the two-element and three-element checks of the population and legal-person base libraries (人口库, 法人库);
GB 11643, GB 32100.
Entry points: `routes.register_routes`.
"""
