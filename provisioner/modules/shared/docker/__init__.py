"""What the docker modules share: they work through the host's `docker` command (1.13 and later).

A look asks docker for JSON, the controller compares it with the task, and commands.py runs the
docker commands that make the difference. The host needs neither Python nor an SDK.
"""
