"""What a holder hears of: issued, expiring, changed, looked at.

Owns: notices in the holder's own space, what a person wishes to hear outside it, and the messages that go there.
Does not own: how a message travels (`kernel.messages`), a person's addresses (asked through `notice.Contacts`).
Entry points: `service.Notices`, `gathering.Gatherer`, `sending.NoticeSender`, `runner.NoticeRunner`.
"""
