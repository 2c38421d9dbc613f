"""Hashes of passwords, compared with those of a real PostgreSQL."""

from __future__ import annotations

import pytest

from provisioner.modules.postgresql_user import password as passwords
from tests.modules.conftest import Host
from tests.modules.postgresql_server import PostgresqlServer

WORDS = ["½\u00a0\ufb01\u00ad", "ä\u0007", "\u0627\u0031", "\u0627\u0628", "\u00ad", "A\u030a"]


@pytest.mark.parametrize("word", WORDS)
def test_a_password_is_prepared_like_in_the_server(
    host: Host, postgresql: PostgresqlServer, word: str
) -> None:
    postgresql.sql("SET password_encryption = 'scram-sha-256'; CREATE USER app")
    postgresql.sql(f"SET password_encryption = 'scram-sha-256'; ALTER USER app PASSWORD '{word}'")
    kept = postgresql.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'app'")
    assert passwords.same(word, "app", kept)
