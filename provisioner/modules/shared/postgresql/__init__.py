"""What the postgresql modules share: they work through the host's `psql` (9.2 and later)."""
