"""Provision CentOS 7 hosts from Ansible playbooks, with no Python on the target."""

__version__ = "0.1.0"
