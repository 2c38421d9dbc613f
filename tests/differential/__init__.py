"""Run the same playbooks with ansible-core 2.16 and with provision, and compare the results.

Cases are data (cases/*.yml). The results of Ansible are recorded (record.py writes
recorded.json); the tests run provision and compare. README.md says how to add a case.
"""
