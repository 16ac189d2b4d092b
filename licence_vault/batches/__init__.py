"""Issuing from files: a hundred thousand rows are read, all are checked, then issued, by as many workers as there are.

Owns: reading tables (`reading`, `columns`), checking rows (`checking`), a batch's life (`service`), the work itself
(`runner`), templates and error reports (`sheets`). Does not own: any rule of issuing (`licence_vault.issuing`). Rows
are encrypted until they are issued, then forgotten. Entry points: `service.Batches`, `runner.BatchRunner`.
"""
