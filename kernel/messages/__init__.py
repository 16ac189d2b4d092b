"""Messages that leave the house for one person: e-mail and SMS.

Owns: what a message is, the port through which rooms send one, its adapters for SMTP (RFC 5321, RFC 6409) and for an
SMS or message gateway over HTTP. Does not own: what is said, to whom, and repeats (each room's), pages.
Entry points: `message.Message`, `message.MessageSender`, `message.Channels`, `smtp.SmtpSender`,
`gateway.GatewaySender`, `building.build_sender`.
"""
