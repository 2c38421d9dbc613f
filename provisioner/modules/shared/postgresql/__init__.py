"""Databases and users of PostgreSQL, kept by the host's own psql (9.2 and later)."""
