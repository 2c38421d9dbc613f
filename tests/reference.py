"""Write docs/reference.md: the parts of ansible.builtin 2.16 that are supported, and others.

`python -m tests.reference` writes the page; a test fails while it is out of date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from provisioner.language.filters.registry import FILTERS
from provisioner.language.lookups.registry import LOOKUPS
from provisioner.language.templating.environment import environment
from provisioner.language.tests.registry import TESTS
from provisioner.modules import MODULES

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"

# The names that ansible-core 2.16 documents as ansible.builtin's.
BUILTIN = {
    "Modules": """
        add_host apt apt_key apt_repository assemble assert async_status blockinfile command copy
        cron deb822_repository debconf debug dnf dnf5 dpkg_selections expect fail fetch file find
        gather_facts get_url getent git group group_by hostname import_playbook import_role
        import_tasks include_role include_tasks include_vars iptables known_hosts lineinfile meta
        package package_facts pause ping pip raw reboot replace rpm_key script service
        service_facts set_fact set_stats setup shell slurp stat subversion systemd systemd_service
        sysvinit tempfile template unarchive uri user validate_argument_spec wait_for
        wait_for_connection yum yum_repository
    """,
    "Filters": """
        b64decode b64encode basename bool checksum combinations combine comment commonpath
        dict2items difference dirname expanduser expandvars extract fileglob flatten from_json
        from_yaml from_yaml_all hash human_readable human_to_bytes intersect items2dict log
        mandatory md5 normpath password_hash path_join permutations pow product quote random
        realpath regex_escape regex_findall regex_replace regex_search rekey_on_member relpath root
        sha1 shuffle split splitext strftime subelements symmetric_difference ternary to_datetime
        to_json to_nice_json to_nice_yaml to_uuid to_yaml type_debug union unique unvault urldecode
        urlsplit vault win_basename win_dirname win_splitdrive zip zip_longest
    """,
    "Tests": """
        abs all any change changed contains directory exists failed failure falsy file finished
        is_abs is_dir is_file is_link is_mount is_same_file isnan issubset issuperset link
        link_exists match mount nan reachable regex same_file search skip skipped started subset
        succeeded success successful superset truthy unreachable uri url urn vault_encrypted version
        version_compare
    """,
    "Lookups": """
        config csvfile dict env file fileglob first_found indexed_items ini inventory_hostnames
        items lines list nested password pipe random_choice sequence subelements template together
        unvault url varnames vars
    """,
}

HEAD = """# Supported modules, filters, tests and lookups

`provision doc NAME` shows the description and the parameters of one of them. A playbook with a name
below "Not supported" can be loaded; a task that uses it fails. For other differences from Ansible,
see [differences.md](differences.md).

<!-- made by python -m tests.reference -->
"""


def page() -> str:
    """Return the text of the page."""
    return HEAD + "\n".join(line for kind in BUILTIN for line in _section(kind)) + "\n"


def _section(kind: str) -> Iterator[str]:
    builtin, supported = BUILTIN[kind].split(), _supported(kind)
    common = [name for name in builtin if name in supported]
    yield f"\n## {kind}\n"
    yield f"Of ansible.builtin, {len(common)} of {len(builtin)}:\n\n{_listed(common)}\n"
    if missing := sorted(set(builtin) - set(common)):
        yield f"Not supported: {_listed(missing)}\n"
    others = sorted(name for name in set(supported).difference(builtin) if "." not in name)
    yield f"Others:\n\n{_listed(others)}"


def _supported(kind: str) -> Mapping[str, object]:
    # import_* are not modules here: loading a playbook replaces them with the imported content.
    imports = dict.fromkeys(("import_playbook", "import_role", "import_tasks", "gather_facts"))
    match kind:
        case "Modules":
            return {**imports, **MODULES}
        case "Filters":
            return {**FILTERS, **environment().filters}
        case "Tests":
            return {**TESTS, **environment().tests}
    return LOOKUPS


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(page())
