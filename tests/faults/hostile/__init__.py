"""SSH servers that lie, beside good ones.

`python -m tests.faults.hostile` runs a playbook on 20 hosts of which 5 are hostile.
"""
