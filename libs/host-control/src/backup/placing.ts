import { chown, copyFile, mkdir, readdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CERTIFICATE_FILES, type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { isThere, readIfThere, syncFolder } from '../os/files.js';
import type { ClusterFiles } from './cluster-files.js';

const { secrets } = STATE_LAYOUT;

/** Of a node or of a cluster that is made anew, its own: what the backup holds of them is over. */
const NOT_FOR_ANOTHER: ReadonlySet<string> = new Set([
  ...[secrets.identity, secrets.tlsKey, secrets.tlsCert, secrets.clusterCa, secrets.firstLogin, secrets.backupPassphrase],
  ...[secrets.postgresSuperuser, secrets.postgresReplication, secrets.postgresManager, secrets.postgresApp],
  // Of an authority that nobody trusts any more; in the place of the new one's they would end all renewals.
  ...Object.values(CERTIFICATE_FILES),
]);

/**
 * Journals that were backed up and are not here are put beside those of this node, before its receiver starts: what they hold and the restored
 * database does not is stored then, by the database's own positions; what it does is passed over. A receiver never writes to one that it finds.
 *
 * @param from what `fetchClusterFiles` unpacked, on the volume of the state. @returns names of the journals.
 */
export async function placeJournals(config: NodeConfig, files: ClusterFiles, from: string): Promise<readonly string[]> {
  const data = config.cluster.members.filter(({ kind }) => kind === 'data').map(({ id }) => id);
  // A journal's name begins with its node's: of a cluster with other names nobody would ask for them.
  if (!data.includes(files.node)) return [];
  const sides = [STATE_LAYOUT.journalOwn, STATE_LAYOUT.journalPeer];
  const placed: string[] = [];
  for (const [at, side] of sides.entries()) {
    const target = join(config.stateDir, sides[files.node === config.node ? at : 1 - at]!);
    for (const name of (await isThere(join(from, side))) ? await readdir(join(from, side)) : []) {
      const source = join(from, side, name);
      if (!(await stat(source)).isDirectory() || (await isThere(join(target, name)))) continue;
      await owned(config, join(target, name), async () => {
        await mkdir(target, { recursive: true, mode: 0o700 });
        await rename(source, join(target, name));
      });
      placed.push(name);
    }
    if (placed.length > 0 && (await isThere(target))) await syncFolder(target);
  }
  return placed;
}

/**
 * Secrets that what was restored needs, and a new cluster does not have: keys that its settings and journals are encrypted with, tokens that
 * senders know. For the first server of a cluster that is made anew, before others join. @returns their names.
 */
export async function placeSecrets(config: Pick<NodeConfig, 'stateDir'>, from: string): Promise<readonly string[]> {
  const folder = join(from, 'secrets');
  const placed: string[] = [];
  for (const entry of (await isThere(folder)) ? await readdir(folder, { withFileTypes: true }) : []) {
    const name = `secrets/${entry.name}`;
    if (!entry.isFile() || NOT_FOR_ANOTHER.has(name)) continue;
    const target = join(config.stateDir, name);
    if ((await readIfThere(join(from, name))) === (await readIfThere(target))) continue;
    await owned(config, target, async () => {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await copyFile(join(from, name), target);
    });
    placed.push(name);
  }
  return placed;
}

async function owned(config: Pick<NodeConfig, 'stateDir'>, path: string, put: () => Promise<void>): Promise<void> {
  await put();
  await giveToState(config, path);
}

/** Whoever runs the command, it is the state's owner that must read it, and whatever is in it. */
export async function giveToState({ stateDir }: Pick<NodeConfig, 'stateDir'>, path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(stateDir);
  await chown(path, uid, gid);
  if (!(await stat(path)).isDirectory()) return;
  for (const name of await readdir(path, { recursive: true })) await chown(join(path, name), uid, gid);
  // The folders above, where this has made them.
  for (const above of [dirname(path), dirname(dirname(path))]) if (above.startsWith(`${stateDir}/`)) await chown(above, uid, gid);
}
