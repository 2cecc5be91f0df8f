import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NODE } from '../host/assets.js';
import { run } from '../host/shell.js';
import { DATA_NAMES, type MemberName, PLACES, VIP } from './layout.js';
import { type PowerBoards, secretWriter } from './power-boards.js';
import { type ClusterSettings, withBoards } from './settings.js';
import { COMMUNITY, TRAP_USER } from './trap-user.js';

export interface Configured {
  readonly settings: ClusterSettings;
  readonly dir: string;
  readonly power: PowerBoards;
}

export const cliOf = (root: string): string => join(root, 'apps/cli/bin/yosugara.mjs');

/** The configurations of all members, below `init`. @param root whose programs make them. */
export async function initialise({ settings, dir }: Omit<Configured, 'power'>, root: string): Promise<void> {
  const { profile, autoRejoin, twoNodes, dr } = settings;
  const members = DATA_NAMES.flatMap((name) => ['--member', `${name}=${PLACES[name].address},zone=hall-${name}`]);
  const arbiter = twoNodes ? [] : ['--arbiter', `w=${PLACES.w.address},zone=hall-w`];
  const copy = dr ? ['--dr', `d=${PLACES.d.address},zone=site-2`] : [];
  const cluster = ['--cluster-id', 'lab', ...members, ...arbiter, ...copy];
  const vip = ['--vip', VIP, '--vip-driver', 'ip', '--vip-interface', 'eth0', '--vip-prefix', '24'];
  const proofs = twoNodes || withBoards(settings) ? 'P1,P2' : 'P1,P4';
  const policy = ['--profile', profile, '--stop-proofs', proofs, '--auto-rejoin', autoRejoin, '--plain-console'];
  const places = ['--state-dir', `${dir}/%n/state`, '--data-dir', `${dir}/%n/data`];
  const bin = process.env['YOSUGARA_POSTGRES_BIN'];
  const postgres = bin === undefined || bin === '' ? [] : ['--postgres-bin', bin];
  await run(
    NODE,
    [cliOf(root), 'init', '--out', join(dir, 'init'), ...cluster, ...vip, ...policy, ...places, ...postgres],
    60_000,
  );
}

/** What `init` has no option for. */
export async function adapt({ settings, dir, power }: Configured, name: MemberName): Promise<void> {
  const folder = join(dir, 'init', name);
  const file = join(folder, 'yosugara.yaml');
  const stateDir = `${dir}/${name}/state`;
  // A lab makes more take-overs in an hour than an operator would like to see.
  let text = (await readFile(file, 'utf8')).replace(/takeOvers: \d+/, 'takeOvers: 100000');
  // The address of site 1 is of no use in the other network.
  if (name === 'd' || settings.front === 'balancer') text = text.replace('    driver: ip\n', '    driver: none\n');
  if (withBoards(settings)) {
    const secrets = secretWriter(folder, stateDir);
    for (const member of DATA_NAMES) {
      const fence = await power.fenceOf(member, secrets);
      text = text.replace(new RegExp(`(- id: ${member}\\n(?:      .*\\n)*?      peerId: .*\\n)`), (found) => `${found}${fence}`);
    }
    text = text.replace('powerOnAfter: false', `powerOnAfter: ${!settings.twoNodes}`);
  }
  if (name === 'd') text = text.replace('  lineMbit: 0\n', `  lineMbit: ${settings.lineMbit}\n`);
  if (settings.linePacked) text = text.replace('  packed: false\n', '  packed: true\n');
  if (settings.large) text = text.replace(/maxJournalMb: \d+/, 'maxJournalMb: 6144');
  if (settings.shortCertificates) text = text.replace(/lifeDays: \d+/, 'lifeDays: 0.0007');
  if (settings.senders && name !== 'w') text = await withTrapUser(text, secretWriter(folder, stateDir));
  await writeFile(file, text);
}

async function withTrapUser(text: string, secrets: ReturnType<typeof secretWriter>): Promise<string> {
  const files = [await secrets('trap-auth', TRAP_USER.auth), await secrets('trap-priv', TRAP_USER.priv)];
  const user = `{ name: ${TRAP_USER.name}, auth: sha256, priv: aes128, authSecretFile: ${files[0]}, privSecretFile: ${files[1]} }`;
  return text.replace('    communities: []\n    users: []\n', `    communities: [public, ${COMMUNITY}]\n    users: [${user}]\n`);
}
