"""A mailbox and a phone for the demo: what Xinyin sent, on a page.

Owns: taking messages as an operator's gateway does, showing the newest ones. Does not own: sending.
Standard: the shape in `kernel/messages/gateway.py`.
Entry points: `routes.mailbox_routes`.
"""
