"""Collection of legacy licences (证照采集): from a register and its scans to sealed copies that say what they are.

Owns: the columns of a register (`mapping`), its import (`service`), cleaning (`cleaning`), matching with the vault
(`matching`), review by people (`review`), the work of cleaning and conversion (`runner`). Does not own: reading tables
(`licence_vault.batches`), drawing, sealing and keeping the copy (`licence_vault.issuing`). Standards: GB/T 36903,
GB/T 36905, classes A to D of 国办函〔2016〕108号. Entry points: `service.Collections`, `review.Review`,
`runner.Collector`.
"""
