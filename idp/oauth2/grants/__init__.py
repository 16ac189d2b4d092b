"""What can be exchanged for tokens. One file a grant; what all share is done by `oauth2.token.service`.

Owns: the rules of each grant. Does not own: client authentication, the shape of the answer.
Standards: RFC 6749 §4.1.3, §4.4, §6; RFC 9700 §2.1.1, §2.2.2, §4.14.
Entry points: `base.Grant` and its implementations.
"""
