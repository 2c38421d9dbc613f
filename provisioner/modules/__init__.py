"""The registry of modules: the names that playbooks use, and the class of each.

A value is `file:Class`. The file is imported when a playbook first uses the name, because importing
all modules would slow down every start. A test resolves every entry.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from provisioner.language.plugins import known_plugins
from provisioner.modules.framework.base import Module

MODULES: dict[str, str] = {
    "assert": "assert_:Assert",
    "debug": "debug:Debug",
    "fail": "fail:Fail",
    "include_role": "include:IncludeRole",
    "include_tasks": "include:IncludeTasks",
    "include": "include:IncludeTasks",
    "include_vars": "include_vars:IncludeVars",
    "meta": "meta:Meta",
    "add_host": "add_host:AddHost",
    "group_by": "add_host:GroupBy",
    "pause": "pause:Pause",
    "reboot": "reboot:Reboot",
    "wait_for_connection": "wait_for_connection:WaitForConnection",
    "set_fact": "set_fact:SetFact",
    "set_stats": "set_stats:SetStats",
    "validate_argument_spec": "validate_argument_spec:ValidateArgumentSpec",
    "command": "command:Command",
    "shell": "command:Shell",
    "file": "file:File",
    "copy": "copy:Copy",
    "template": "template:TemplateModule",
    "stat": "stat:Stat",
    "lineinfile": "lineinfile:LineInFile",
    "blockinfile": "blockinfile:BlockInFile",
    "capabilities": "capabilities:Capabilities",
    "replace": "replace:Replace",
    "get_url": "get_url:GetUrl",
    "slurp": "slurp:Slurp",
    "tempfile": "tempfile:TempFile",
    "find": "find:Find",
    "service": "service:Service",
    "systemd": "systemd:Systemd",
    "systemd_service": "systemd:Systemd",
    "yum": "yum:Yum",
    "dnf": "yum:Yum",
    "package": "yum:Package",
    "rpm_key": "rpm_key:RpmKey",
    "yum_repository": "yum_repository:YumRepository",
    "x509_certificate": "x509_certificate:X509Certificate",
    "yum_versionlock": "yum_versionlock:YumVersionlock",
    "package_facts": "package_facts:PackageFacts",
    "service_facts": "service_facts:ServiceFacts",
    "setup": "setup:Setup",
    "gather_facts": "setup:GatherFacts",
    "user": "user:User",
    "group": "group:Group",
    "sysctl": "sysctl:Sysctl",
    "ping": "ping:Ping",
    "raw": "raw:Raw",
    "async_status": "async_status:AsyncStatus",
    "wait_for": "wait_for:WaitFor",
    "script": "script:Script",
    "getent": "getent:Getent",
    "hostname": "hostname:Hostname",
    "timezone": "timezone:Timezone",
    "modprobe": "modprobe:Modprobe",
    "authorized_key": "authorized_key:AuthorizedKey",
    "firewalld": "firewalld:Firewalld",
    "make": "make:Make",
    "mount": "mount:Mount",
    "selinux": "selinux:Selinux",
    "seboolean": "seboolean:Seboolean",
    "cron": "cron:Cron",
    "known_hosts": "known_hosts:KnownHosts",
    "alternatives": "alternatives:Alternatives",
    "ini_file": "ini_file:IniFile",
    "unarchive": "unarchive:Unarchive",
    "uri": "uri:Uri",
    "fetch": "fetch:Fetch",
    "assemble": "assemble:Assemble",
    "iptables": "iptables:Iptables",
    "sefcontext": "sefcontext:Sefcontext",
    "selogin": "selogin:Selogin",
    "seport": "seport:Seport",
    "htpasswd": "htpasswd:Htpasswd",
    "pam_limits": "pam_limits:PamLimits",
    "pamd": "pamd:Pamd",
    "acl": "acl:Acl",
    "synchronize": "synchronize:Synchronize",
    "archive": "archive:Archive",
    "filesystem": "filesystem:Filesystem",
    "lvg": "lvg:Lvg",
    "lvol": "lvol:Lvol",
    "openssh_keypair": "openssh_keypair:OpensshKeypair",
    "openssl_certificate": "x509_certificate:X509Certificate",
    "openssl_csr": "openssl_csr:OpensslCsr",
    "openssl_dhparam": "openssl_dhparam:OpensslDhparam",
    "openssl_privatekey": "openssl_privatekey:OpensslPrivatekey",
    "git": "git:Git",
    "mysql_db": "mysql_db:MysqlDb",
    "mysql_user": "mysql_user:MysqlUser",
    "mysql_variables": "mysql_variables:MysqlVariables",
    "npm": "npm:Npm",
    "pip": "pip:Pip",
    "postgresql_db": "postgresql_db:PostgresqlDb",
    "postgresql_user": "postgresql_user:PostgresqlUser",
    "docker_container": "docker_container:DockerContainer",
    "docker_container_exec": "docker_container_exec:DockerContainerExec",
    "docker_container_info": "docker_container_info:DockerContainerInfo",
    "docker_host_info": "docker_host_info:DockerHostInfo",
    "docker_image": "docker_image:DockerImage",
    "docker_image_build": "docker_image_build:DockerImageBuild",
    "docker_image_export": "docker_image_export:DockerImageExport",
    "docker_image_info": "docker_image_info:DockerImageInfo",
    "docker_image_load": "docker_image_load:DockerImageLoad",
    "docker_image_pull": "docker_image_pull:DockerImagePull",
    "docker_image_push": "docker_image_push:DockerImagePush",
    "docker_image_remove": "docker_image_remove:DockerImageRemove",
    "docker_image_tag": "docker_image_tag:DockerImageTag",
    "docker_login": "docker_login:DockerLogin",
    "docker_network": "docker_network:DockerNetwork",
    "docker_network_info": "docker_network_info:DockerNetworkInfo",
    "docker_prune": "docker_prune:DockerPrune",
    "docker_compose": "docker_compose:DockerCompose",
    "docker_compose_v2": "docker_compose_v2:DockerComposeV2",
    "docker_volume": "docker_volume:DockerVolume",
    "docker_volume_info": "docker_volume_info:DockerVolumeInfo",
}

COLLECTIONS = (
    "ansible.builtin.",
    "ansible.legacy.",
    "ansible.posix.",
    "community.docker.",
    "community.general.",
    "community.crypto.",
    "community.mysql.",
    "community.postgresql.",
)


def short_name(name: str) -> str:
    """Return the name without its collection: `ansible.builtin.yum` → `yum`."""
    for collection in COLLECTIONS:
        if name.startswith(collection):
            return name.removeprefix(collection)
    return name


def exists(name: str) -> bool:
    """Whether provision, or Ansible with its collections, has a module called `name`."""
    return short_name(name) in MODULES or known_plugins.is_known("module", name)


@cache
def find_module(name: str) -> type[Module]:
    """Return the class of a module, by its short or full name.

    For one that provision does not have it is an UnsupportedModule.
    """
    short = short_name(name)
    if short not in MODULES:
        from provisioner.modules.framework.unsupported import unsupported_module

        return unsupported_module(name)
    file, _, class_name = MODULES[short].partition(":")
    module: type[Module] = getattr(import_module(f"{__name__}.{file}"), class_name)
    return module
