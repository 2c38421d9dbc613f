"""Races between a task that runs as root and a user who owns the directory that it works in.

`python -m tests.races TARGET --rounds N` runs a module as root again and again, while an
unprivileged process swaps what is at its path for a link to a file or directory of root.
"""
