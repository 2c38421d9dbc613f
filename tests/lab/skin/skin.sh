#!/bin/bash
# base.py runs this once in the tree. It makes Debian look like CentOS 7 to tools.
set -euo pipefail

# sh is bash, as on EL7. dash stays installed.
ln -sf bash /usr/bin/sh

# Names.
rm -f /etc/hostname /etc/machine-id /etc/motd /etc/issue.net /etc/debian_version
rm -f /etc/resolv.conf /etc/dpkg/origins/default
: >/etc/machine-id
: >/etc/resolv.conf
: >/etc/motd
ln -sf ../../etc/os-release /usr/lib/os-release
ln -sf centos-release /etc/redhat-release
ln -sf centos-release /etc/system-release
chmod 644 /etc/os-release /etc/centos-release /etc/yum.conf
chmod 440 /etc/sudoers
chmod 600 /etc/ssh/sshd_config
mv /usr/bin/uname /usr/libexec/lab/uname
mv /usr/libexec/lab/uname-wrapper /usr/bin/uname
chmod 755 /usr/libexec/lab/* /usr/bin/uname
chmod 755 /usr/sbin/{getenforce,setenforce,selinuxenabled,restorecon}
echo 'disable *' >/usr/lib/systemd/system-preset/99-default-disable.preset

# Only yum may find Python: it is in no PATH, like EL8's platform-python.
mkdir -p /usr/libexec/platform
mv /usr/bin/python3.11 /usr/libexec/platform/python3.11
rm -f /usr/bin/py3* /usr/bin/python3* /usr/bin/pydoc3* /usr/bin/pygettext3* /usr/bin/pdb3*
sed -i '1s|.*|#!/usr/libexec/platform/python3.11|' /usr/bin/dnf-3

# yum is dnf under its older name; its settings are in /etc/yum.conf.
mv /usr/bin/dnf-3 /usr/libexec/platform/yum
rm -f /usr/bin/dnf /usr/bin/yum /usr/bin/yum-config-manager /usr/bin/dnf-*
ln -sf ../libexec/platform/yum /usr/bin/yum
rm -rf /etc/dnf/dnf.conf
ln -s ../yum.conf /etc/dnf/dnf.conf
find /usr/lib/python3/dist-packages/dnf-plugins -name '*.py' \
    ! -name config_manager.py ! -name __init__.py -delete
cp /lab-build/yum-plugin /usr/lib/python3/dist-packages/dnf-plugins/el7.py
mkdir -p /etc/dnf/vars /etc/yum/vars /etc/yum.repos.d /etc/pki/rpm-gpg
echo 7 >/etc/dnf/vars/releasever
echo centos >/etc/yum/vars/contentdir
cp /lab-build/keys/Lab-Base /etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7
mkdir -p /etc/rpm
rm -rf /var/lib/rpm /root/.rpmdb
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros # Debian's rpm would use ~/.rpmdb
mkdir -p /var/lib/rpm
rpm --initdb
rpm -i --nosignature --nodeps /lab-build/stubs/*.rpm

# Users. Every password is "lab-password".
groupadd -g 10 wheel 2>/dev/null || groupmod -n wheel "$(getent group 10 | cut -d: -f1)"
useradd -u 1000 -m -s /bin/bash -G wheel ops
echo 'ops:lab-password' | chpasswd
passwd -l root >/dev/null

# PATH of login shells and of su.
sed -i 's|^  PATH=.*|  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin|' /etc/profile
sed -i 's|^ENV_PATH.*|ENV_PATH PATH=/usr/local/bin:/usr/bin|' /etc/login.defs
sed -i 's|^ENV_SUPATH.*|ENV_SUPATH PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin|' \
    /etc/login.defs

# sshd, under EL7's names.
mkdir -p /usr/libexec/openssh
ln -sf ../../lib/openssh/sftp-server /usr/libexec/openssh/sftp-server
rm -f /etc/ssh/ssh_host_* /etc/systemd/system/sshd.service.d/*
rm -f /etc/systemd/system/multi-user.target.wants/ssh.service
ln -sf /dev/null /etc/systemd/system/ssh.service
ln -sf /dev/null /etc/systemd/system/ssh.socket

# Units that a container cannot run or does not need.
for unit in systemd-networkd systemd-resolved apt-daily.timer apt-daily-upgrade.timer \
    dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap fstrim.timer dnf-makecache.timer \
    getty@ console-getty systemd-logind systemd-update-utmp systemd-remount-fs nftables; do
    case $unit in *.*) ;; *) unit=$unit.service ;; esac
    ln -sf /dev/null "/etc/systemd/system/$unit"
done
mkdir -p /etc/systemd/system/sysinit.target.wants /etc/systemd/system/multi-user.target.wants
ln -sf ../lab-boot.service /etc/systemd/system/sysinit.target.wants/lab-boot.service
ln -sf ../sshd.service /etc/systemd/system/multi-user.target.wants/sshd.service
ln -sf /lib/systemd/system/multi-user.target /etc/systemd/system/default.target
mkdir -p /etc/sysconfig /etc/lab /var/log/journal
: >/etc/sysconfig/sshd
rm -rf /tmp/* /var/tmp/*
