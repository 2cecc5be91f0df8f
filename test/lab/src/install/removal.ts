import type { FreshHosts } from './fresh-hosts.js';

/** What a host has, a line each: files, accounts, units, programs, control groups, settings of the kernel, addresses. */
const LISTING = `
find / -xdev \\( ${['/proc', '/sys', '/var/log', '/var/cache', '/var/lib/systemd', '/root'].map((path) => `-path ${path}`).join(' -o ')} \\) -prune -o -printf 'file %p\\n'
find /tmp /run /dev/shm /root /var/lib/systemd /sys/fs/cgroup -iname '*yosugara*' -printf 'file %p\\n' 2>/dev/null
find /var/log /var/cache -iname '*yosugara*' -printf 'file %p\\n'
getent passwd | sed 's/^/account /'; getent group | sed 's/^/group /'
systemctl list-unit-files --no-legend --plain | awk '{ print "unit", $1 }'
systemctl list-units --all --no-legend --plain 'yosugara*' | awk '{ print "loaded", $1 }'
ps -eo user=,comm= | sed 's/^/process /'
find /sys/fs/cgroup -type d -path '*yosugara*' -printf 'cgroup %p\\n' 2>/dev/null
ipcs -m | awk '/^0x/ { print "shared memory", $2, $3 }'
echo "kernel rmem_max $(cat /proc/sys/net/core/rmem_max 2>/dev/null)"
ip -o address show scope global | awk '{ print "address", $2, $4 }'
debconf-show yosugara | sed 's/^/asked /'
`;

/** What Debian's own programs write whenever a package comes and goes, whatever package it is, and what other units make anew when a host boots. */
const ANYBODYS =
  /^file (\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-|\/var\/lib\/dpkg\/[a-z]+-old|\/var\/backups\/.*|\/var\/tmp\/systemd-private-.*)$/;
/** Those that come and go by themselves, and those of this very look. */
const PASSING = /^process root +(systemd-.*|sh|ps|sed|sort|agetty|apt.*|\(.*|logrotate|fstrim|nsenter|env)$/;

export async function listingOf(hosts: FreshHosts, name: string): Promise<ReadonlySet<string>> {
  const text = await hosts.in(name, ['sh', '-c', LISTING], 120_000);
  return new Set(text.split('\n').filter((line) => line !== '' && !ANYBODYS.test(line) && !PASSING.test(line)));
}

/** What is there now and was not, and what was there and is not: each a line. */
export function differences(before: ReadonlySet<string>, after: ReadonlySet<string>): readonly string[] {
  const more = [...after].filter((line) => !before.has(line)).map((line) => `+ ${line}`);
  const less = [...before].filter((line) => !after.has(line)).map((line) => `- ${line}`);
  return [...more, ...less];
}

/** Stops what runs, and leaves nothing. @throws Error with what remains. */
export async function purgeWhole(hosts: FreshHosts, name: string, before: ReadonlySet<string>): Promise<void> {
  await hosts.in(name, ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'purge', '-y', '-q', 'yosugara', 'yosugara-agent']);
  const found = differences(before, await listingOf(hosts, name));
  if (found.length > 0)
    throw new Error(`purged, and ${name} is not as it was before (${found.length} lines): ${found.slice(0, 40).join('; ')}`);
}

/** Whoever says no keeps configuration, journals and databases, and the account that they belong to. */
export async function purgeKept(hosts: FreshHosts, name: string): Promise<void> {
  await hosts.in(name, ['sh', '-c', 'echo yosugara yosugara/remove-data boolean false | debconf-set-selections']);
  await hosts.in(name, ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'purge', '-y', '-q', 'yosugara']);
  const kept = 'test -e /etc/yosugara/yosugara.yaml && test -d /var/lib/yosugara/state/secrets && getent passwd yosugara';
  const gone = '! command -v yosugara && ! test -e /usr/lib/yosugara && ! pgrep -u yosugara';
  await hosts.in(name, ['sh', '-c', `${kept} && ${gone}`]);
}
