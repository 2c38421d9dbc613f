"""Databases, users and settings of MariaDB and MySQL, kept by the host's own client."""
