"""Sealing files that somebody sends (电子文书): one or many at once, with progress, kept for a while.

Owns: seal jobs and their files, what may be sent, carrying jobs out whatever crashes in between. Does not own: the
intents and uses (`seal.signing.service`). Entry points: `service.SealJobs`, `running.JobRunner`, `routes`.
"""
