"""Facts of a host, with Ansible's names and types, from texts that the host reported."""
