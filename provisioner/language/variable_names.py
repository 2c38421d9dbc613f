"""Names of variables with a special meaning: facts, connection and magic variables."""

from __future__ import annotations

from provisioner import regex

_NOT_FACTS = regex.compile(
    r"ansible_(ssh_\w+|host|port|user|pass|password|private_key_file|connection|timeout|shell_\w+|"
    r"become|become_\w+|su\w*|sudo\w*|python_interpreter|\w+_interpreter|check_mode|diff_mode|"
    r"version|play_\w+|role_\w+|run_tags|skip_tags|verbosity|forks|limit|playbook_\w+|dependent_\w+|inventory_sources|"
    r"search_path|config_file|index_var|loop|loop_var|failed_task|failed_result|remote_tmp|"
    r"dependent_role_names|parent_role_\w+|collection_name|delegated_vars|async_dir|"
    r"host_key_checking|network_os|winrm_\w+|scp_\w+|sftp_\w+|pipelining|paramiko_\w+)"
)
"""Names that begin with ansible_ and are not facts."""

MAGIC_NAMES = frozenset(
    {
        "inventory_hostname", "inventory_hostname_short", "inventory_dir", "inventory_file",
        "groups", "group_names", "hostvars", "playbook_dir", "play_hosts", "omit", "role_name",
        "role_path", "vars", "environment", "lookup", "query", "q", "now", "undef", "range", "dict",
        "item", "namespace", "cycler", "joiner", "lookup_context",
        "role_names", "become_option", "become_user_option",
        "become_method_option", "connection_option", "user_option",
        "ssh_words_option",
    }
)  # fmt: skip
"""Names that every task can use without defining them. Those that begin with ansible_ are not
listed here."""


def is_fact(name: str) -> bool:
    """Whether a variable of this name is a fact, which only gathering facts sets."""
    return name.startswith("ansible_") and _NOT_FACTS.fullmatch(name) is None


UNLISTED_NAMES = frozenset(
    {
        "vars", "hostvars", "omit", "lookup", "query", "q", "now", "undef", "range", "dict",
        "namespace", "cycler", "joiner", "lookup_context",
        "environment", "become_option", "become_user_option",
        "become_method_option", "connection_option", "user_option",
    }
)  # fmt: skip
"""Magic variables that are left out of a list of all variables: functions, and variables that refer
to all others.
"""
