"""A real MariaDB on this machine for the tests of the mysql modules."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest


@dataclass
class MysqlServer:
    """A MariaDB for these tests, which has a socket only."""

    socket: str

    def sql(self, text: str) -> str:
        command = ["mysql", f"--socket={self.socket}", "--user=root", "--batch", "-N", "--raw"]
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def grants(self, account: str) -> list[str]:
        return self.sql(f"SHOW GRANTS FOR {account}").splitlines()


@pytest.fixture(scope="session")
def mysql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MysqlServer]:
    if shutil.which("mariadbd") is None:
        pytest.fail("mariadbd is not installed: `make setup` installs it")
    folder = tmp_path_factory.mktemp("mysql")
    data, socket = folder / "data", folder / "s"
    own = [f"--datadir={data}", "--user=root"]
    made = ["mariadb-install-db", "--no-defaults", *own, "--auth-root-authentication-method=normal"]
    subprocess.run([*made, "--skip-test-db"], check=True, capture_output=True)
    daemon = ["mariadbd", "--no-defaults", *own, f"--socket={socket}", "--skip-networking"]
    small = ["--innodb-buffer-pool-size=8M", "--skip-log-bin", "--innodb-flush-method=fsync"]
    with subprocess.Popen([*daemon, *small], stderr=subprocess.DEVNULL) as process:
        ping = ["mysqladmin", f"--socket={socket}", "--user=root", "ping"]
        while subprocess.run(ping, capture_output=True).returncode:
            assert process.poll() is None, "mariadbd ended"
            time.sleep(0.05)
        yield MysqlServer(str(socket))
        process.terminate()


@pytest.fixture
def mysql(mysql_server: MysqlServer) -> Iterator[MysqlServer]:
    """The server; accounts and databases of a test are dropped after it."""
    yield mysql_server
    for name in mysql_server.sql("SHOW DATABASES").splitlines():
        if name not in ("information_schema", "mysql", "performance_schema", "sys"):
            mysql_server.sql(f"DROP DATABASE `{name.replace('`', '``')}`")
    accounts = "SELECT CONCAT('''', REPLACE(User, '''', ''''''), '''@''', Host, '''')"
    others = "FROM mysql.user WHERE User NOT IN ('mariadb.sys', 'PUBLIC', 'root')"
    for account in mysql_server.sql(f"{accounts} {others}").splitlines():
        mysql_server.sql(f"DROP USER {account}")
