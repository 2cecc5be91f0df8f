import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeWhole } from '@yosugara/host-control/files';
import { HostKeyRing, keyFileOf, lineOfKey, type NamedKey, newKey, parseKeys } from '@yosugara/host-control/keys';
import { YosugaraError } from '@yosugara/kernel';
import type { SecretsView } from '@yosugara/protocol';
import { secretsRotate, secretsShow } from '@yosugara/protocol/api';
import type { Found } from '../control/find.js';
import type { ManagerApi } from '../control/manager-api.js';
import { fields } from '../output/fields.js';
import { type Paint, table } from '../output/terminal.js';

const DEADLINE_MS = 20_000;
const HEAD = '# Secrets and journals are encrypted by these keys, the last one by now (docs/secrets.md). Keep a copy elsewhere.';

export const readSecrets = async (api: ManagerApi): Promise<SecretsView> => await api.ask(secretsShow());
export const rotateSecrets = async (api: ManagerApi): Promise<{ readonly encryptsBy: string }> =>
  await api.ask(secretsRotate(), DEADLINE_MS);

export function renderSecrets(view: SecretsView, paint: Paint): string {
  const { node, encryptsBy, waitsFor, problem, used, pass, nodes, journals, lookedIn } = view;
  const all = [...new Set([...used.map(({ id }) => id), ...nodes.flatMap(({ keys }) => keys?.ids ?? [])])];
  const rows = all.map((id) => {
    const its = used.find((each) => each.id === id);
    const state = its === undefined ? '–' : its.completeAt === null ? 'encrypts, not everything yet' : 'encrypts everything';
    const has = nodes.map(({ keys }) => (keys === null ? '?' : keys.ids.includes(id) ? 'yes' : paint('no', 'red')));
    return [id, id === encryptsBy ? state : its === undefined ? '–' : 'some of what is stored', ...has];
  });
  return [
    fields([
      ['secrets are encrypted by', encryptsBy ?? paint('nothing: they lie in the clear', 'yellow')],
      ...(waitsFor === null ? [] : [['waits', waitsFor] as const]),
      ...(problem === null ? [] : [[`keys of ${node}`, paint(problem, 'red')] as const]),
      ...(pass === null
        ? []
        : [['is encrypting', `${pass.table}: ${pass.looked} looked at, ${pass.rewritten} written`] as const]),
      [`journals of ${node}`, journals === 'on' ? 'encrypted' : 'in the clear (journal.encryption: off)'],
      [`${node} looks in`, lookedIn.join('; ')],
    ]),
    ...(rows.length === 0 ? [] : [table(['key', 'secrets', ...nodes.map((each) => each.node)], rows)]),
  ].join('\n');
}

/** The one node of this host whose keys are meant, and that they are in a file, which alone can be written. */
function fileOf(nodes: readonly Found[], env: Readonly<Record<string, string | undefined>>) {
  const [node, another] = nodes.filter(({ config }) => !isWitness(config));
  if (node === undefined) throw new YosugaraError('NO_CLUSTER', 'no node that holds data is on this host');
  if (another !== undefined) throw new YosugaraError('USAGE', 'several nodes are on this host: name one with --config FILE');
  const where = { config: node.config ?? { secrets: {} }, stateDir: node.stateDir, env };
  const ring = new HostKeyRing(where);
  if (ring.from !== null && ring.from.kind !== 'file')
    throw new YosugaraError('REFUSED', `the keys of this node are in ${ring.from.says}: change them there`);
  if (ring.problem !== null && ring.problem.code !== 'KEY_MISSING') throw ring.problem;
  return { file: keyFileOf(where), ring };
}
const isWitness = (config: Found['config']): boolean =>
  config?.cluster.members.some(({ id, kind }) => id === config.node && kind === 'witness') === true;

const keysOf = (ring: HostKeyRing): readonly NamedKey[] => ring.ids.map((id) => ({ id, key: Buffer.from(ring.keyOf(id) ?? []) }));

/** Whoever runs the programs must be able to read it: it belongs to whom its folder belongs. */
async function writeKeys(file: string, keys: readonly NamedKey[]): Promise<void> {
  const { uid, gid } = await stat(dirname(file));
  const isRoot = process.getuid?.() === 0;
  await writeWhole(file, `${[HEAD, ...keys.map(lineOfKey)].join('\n')}\n`, isRoot ? { owner: { uid, gid } } : {});
}

/** One more, at the end: nothing is encrypted by it before all nodes have it. */
export async function addNewKey(nodes: readonly Found[], env: Readonly<Record<string, string | undefined>>) {
  const { file, ring } = fileOf(nodes, env);
  const made = newKey();
  await writeKeys(file, [...keysOf(ring), made]);
  return { key: made.id, file, keys: [...ring.ids, made.id] };
}

/** Lines for `import-keys` of another node. @throws YosugaraError KEY_MISSING */
export function exportedKeys(nodes: readonly Found[], env: Readonly<Record<string, string | undefined>>): string {
  const { ring } = fileOf(nodes, env);
  ring.demand('there is no key to hand over');
  return keysOf(ring).map(lineOfKey).join('\n');
}

/** Those that are new go behind those that are there, in their order. */
export async function importKeys(nodes: readonly Found[], env: Readonly<Record<string, string | undefined>>, text: string) {
  const { file, ring } = fileOf(nodes, env);
  const given = parseKeys(text, 'standard input');
  if (given.length === 0) throw new YosugaraError('USAGE', 'no key came on standard input');
  const fresh = given.filter(({ id }) => ring.keyOf(id) === null);
  if (fresh.length > 0) await writeKeys(file, [...keysOf(ring), ...fresh]);
  return { added: fresh.map(({ id }) => id), file, keys: [...ring.ids, ...fresh.map(({ id }) => id)] };
}
