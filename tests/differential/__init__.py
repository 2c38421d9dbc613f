"""The same playbooks run by ansible-core 2.16 and by provision, and what came of them compared.

Cases are data (cases/*.yml). Ansible's side is recorded (record.py writes recorded.json); the tests
run provision and compare. README.md says how to add a case.
"""
