/** Why a block of commands is read and not run: the second word of its fence. */
export const REASONS: Readonly<Record<string, string>> = {
  api: 'run by apps/manager/src/http/api-page.spec.ts',
  node: 'needs an installed node with systemd',
  root: 'installs or removes as root on Debian',
  dev: 'takes minutes to hours: suites with their own proofs',
  outside: 'needs another host, a device or an account',
  '': 'no reason is given',
};

/** Programs that pages may name besides our own: from Debian, or of every shell. A word that is none of them is a typing error. */
export const PROGRAMS: ReadonlySet<string> = new Set(
  [
    'cd cat cp chmod chown df dmesg du echo export free git grep head id install kill ls mkdir mount mv nc ping ps rm scp sed shred sleep',
    'sort ss sudo sysctl tail tar tee test top touch umount uptime vmstat watch',
    'apt apt-get arping chronyc curl docker dpkg ip journalctl logger mc nft openssl psql rsyslogd snmpinform snmptrap ssh systemctl',
    'systemd-creds timedatectl ansible ansible-playbook terraform aws age age-keygen pgbackrest pg_dump pg_restore zfs lvcreate fsfreeze xfs_freeze',
    'adduser useradd usermod userdel getent hostnamectl lsblk mkfs.ext4 lvextend resize2fs xfs_growfs reboot shutdown true false printf wc awk cut',
    'find xargs date stat dd sync sha256sum jq ionice nice setpriv runuser su loginctl update-ca-certificates certutil wdctl ipmitool fence_ipmilan',
    'kubectl python3 pg_upgrade pg_controldata initdb createdb dropdb',
  ]
    .join(' ')
    .split(' '),
);
