"""The vault of electronic licences.

Owns: licence types (`catalogue`), faces in OFD and PDF (`layout`), the records and their states (`licences`),
issuing and changing them (`issuing`), finding them (`lookup`), showing them (`presentations`), the log (`ledger`),
what holders hear of (`notices`).
Does not own: keys (it asks `seal.client.Sealer`), people (it knows `Principal`s), verification by third parties
(`verify`). Standards: GB/T 36901–36906-2018, GB/T 33190-2016. Entry points: `app.build_services`, `app.page_routes`,
`app.api_router`.
"""
