"""Docker through the host's own `docker` command (1.13 and later): no Python, no SDK there.

A look asks docker for JSON, the controller compares, and `steps` carries out what is different.
"""
