"""What is about to be signed, written down before the key is touched.

Owns: the table of intents, their leases and fences, giving up what a crash left open. Does not own: what a seal is used
for or who may (`seal.seals`), nor the record of uses. Entry point: `journal.IntentJournal`.
"""
