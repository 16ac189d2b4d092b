"""Signing people in to an application by filling in its login form, as their browser would.

Owns: reading forms (`forms`), the cookies that come of it (`jar`, `sessions`), the sign-in itself (`engine`), and that
many requests at once make one sign-in (`single_flight`).
Does not own: the data path (`gateway`), stored accounts (`credentials`).
Standard: HTML Living Standard §4.10.22, RFC 6265, RFC 7617.
Entry points: `single_flight.ReplayService`, `engine.UpstreamSignIn`, `forms.find_login_form`.
"""
