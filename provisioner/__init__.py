"""Runs Ansible playbooks on CentOS 7 hosts over SSH, without Python on the hosts."""

__version__ = "0.1.0"
