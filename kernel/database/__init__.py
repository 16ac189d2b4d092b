"""One small door to SQLite and PostgreSQL.

Owns: engines and transactions (`engine`), naming of tables and column types (`schema`), migrations (`migrations`).
Does not own: any table; rows live with the feature that they describe, as `<package>/<feature>/records.py`.
Entry points: `engine.Database`, `schema.package_metadata`, `migrations.migrate`.
"""
