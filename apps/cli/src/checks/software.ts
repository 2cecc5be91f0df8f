import { accessSync, constants, existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isThere } from '@yosugara/host-control/files';
import { HostKeyRing, isOpenToOthers, keyFileOf } from '@yosugara/host-control/keys';
import { explain, type Log } from '@yosugara/kernel';
import { type Check, fail, isWitness, type Look, ok, warn } from './types.js';

export const postgres: Look = async (context) => {
  if (isWitness(context)) return [];
  const { findPrograms } = await import('@yosugara/host-control');
  const needed = 'PostgreSQL 15 or newer with pg_rewind and pg_basebackup';
  try {
    return [ok('postgres', findPrograms(context.config).version, needed)];
  } catch (error) {
    return [
      fail(
        'postgres',
        explain(error),
        needed,
        'apt-get install -y postgresql, or name the folder of its programs with --postgres-bin',
      ),
    ];
  }
};

const QUIET: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Each power device is read with its real credentials; nothing is switched. */
export const fencing: Look = async (context) => {
  const { config } = context;
  if (isWitness(context)) return [];
  const needed = 'a power device for each data node, which answers';
  const bare = config.cluster.members.filter(({ kind, fence }) => kind === 'data' && fence === undefined).map(({ id }) => id);
  const mend = 'plan `fence` of the members in a file and give it to init with --cluster-file (docs/fencing.md)';
  const missing = bare.length === 0 ? [] : [warn('fence', `none for ${bare.join(', ')}`, needed, mend)];
  const others = config.cluster.members.some((member) => member.id !== config.node && member.fence !== undefined);
  if (!others) return missing;
  const { createFencePort } = await import('@yosugara/host-control');
  try {
    const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
    const port = await createFencePort({ config, log: QUIET, clock });
    const checks = await Promise.all(
      port.targets.map(async (target): Promise<Check> => {
        const { healthy, says } = await port.check(target);
        const where = `of ${target}`;
        return healthy
          ? ok('fence', `${where}: answers`, needed)
          : fail('fence', `${where}: ${says}`, needed, 'its address, user and secret in `fence`; try it with the agent itself');
      }),
    );
    return [...missing, ...checks];
  } catch (error) {
    return [
      ...missing,
      fail(
        'fence',
        explain(error),
        needed,
        'apt-get install -y fence-agents ipmitool; then `fence` in the plan (docs/fencing.md)',
      ),
    ];
  }
};

export const watchdog: Look = async (context) => {
  const { mode, device } = context.config.watchdog;
  if (isWitness(context) || mode === 'off') return [];
  const { found, works } = watchdogFacts(device, context.root ?? '/', context.running);
  const needed = mode === 'required' ? `a working ${device}` : `${device}, where a lost Master should reset itself (P3)`;
  if (works) return [ok('watchdog', found, needed)];
  const mend = 'modprobe the host’s own watchdog (i6300esb, iTCO_wdt, …), or softdog; persist it in /etc/modules-load.d';
  return [(mode === 'required' ? fail : warn)('watchdog', found, needed, mend)];
};

function watchdogFacts(device: string, root: string, running: boolean): { readonly found: string; readonly works: boolean } {
  const path = join(root, device);
  if (!existsSync(path)) return { found: `there is no ${device}`, works: false };
  const name = basename(realpathSync(path)).replace(/^watchdog$/, 'watchdog0');
  const sysfs = (file: string) => {
    try {
      return readFileSync(join(root, 'sys/class/watchdog', name, file), 'utf8').trim();
    } catch {
      return null;
    }
  };
  if (sysfs('nowayout') === '1') return { found: `${device} cannot be stopped once it was opened (nowayout)`, works: false };
  if (sysfs('state') === 'active' && !running) return { found: `${device} is used by another program`, works: false };
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch {
    return { found: `${device} may not be opened by this account`, works: false };
  }
  return { found: `${device} (${sysfs('identity') ?? name})`, works: true };
}

/** Without a way to know that a silent Master has stopped, nobody may take over from it. */
export const stopProofs: Look = async (context) => {
  const { stopProofs: proofs, members } = context.config.cluster;
  const data = members.filter(({ kind }) => kind === 'data');
  const ways = [
    ...(proofs.includes('P2') && data.every(({ fence }) => fence !== undefined) ? ['P2: power is cut'] : []),
    ...(proofs.includes('P3') && existsSync(join(context.root ?? '/', context.config.watchdog.device))
      ? ['P3: the watchdog resets it']
      : []),
    ...(proofs.includes('P4') ? ['P4: its lease ends and its commits are refused'] : []),
  ];
  const needed = 'one way to know that a silent Master has stopped: P2, P3 or P4';
  if (ways.length > 0) return [ok('stop-proofs', ways.join('; '), needed)];
  return [
    fail(
      'stop-proofs',
      `${proofs.join(', ')}, and this host can give none of those that matter`,
      needed,
      'power devices (--cluster-file), a watchdog, or --stop-proofs P1,P4 (docs/fencing.md)',
    ),
  ];
};

/** What secrets and journals are encrypted by: without it this node could not use them as Master. */
export const keys: Look = async (context) => {
  const { config, configFile } = context;
  if (isWitness(context)) return [];
  const where = { config, stateDir: resolve(dirname(configFile), config.stateDir), env: process.env };
  const ring = new HostKeyRing(where);
  const needed = 'keys that secrets are encrypted by, the same on all nodes (docs/secrets.md)';
  const mend = 'yosugara secrets new-key on one node, then: yosugara secrets export-keys | ssh NODE yosugara secrets import-keys';
  if (ring.problem !== null) return [fail('keys', ring.problem.message, needed, mend)];
  if (ring.from === null) {
    const isDemanded = config.journal.encryption === 'on';
    const found = `none, looked in ${ring.lookedIn.join(', in ')}${isDemanded ? '; journal.encryption is on' : ''}`;
    return [(isDemanded ? fail : warn)('keys', found, needed, mend)];
  }
  const file = keyFileOf(where);
  if (ring.from.kind === 'file' && isOpenToOthers(file))
    return [fail('keys', `others may read ${file}`, 'a file that its owner alone may read', `chmod 600 ${file}`)];
  return [ok('keys', `${ring.ids.join(', ')} from ${ring.from.says}`, needed)];
};

/** Whoever has this key can make members. */
export const authorityKey: Look = async ({ configFile, running }) => {
  const path = join(configFile, '..', 'authority', 'ca.key');
  if (!running || !(await isThere(path))) return [];
  const mend = `copy ${path} to a safe place off the cluster, then: shred -u ${path}`;
  return [warn('authority-key', `${path} is on this host`, 'the authority’s key on no node', mend)];
};
