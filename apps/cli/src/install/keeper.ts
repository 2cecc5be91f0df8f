import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { authorityOf } from '@yosugara/connectors/pki';
import { isThere } from '@yosugara/host-control/files';
import { explain, YosugaraError } from '@yosugara/kernel';
import {
  CERTIFICATE_FILES,
  FormingSchema,
  type FormingState,
  FormingStateSchema,
  JOINING_PATHS,
  type SharedConfig,
  STATE_LAYOUT,
  type WaitingState,
} from '@yosugara/protocol';
import { sharedSecrets } from '../init/index.js';
import { Admission } from './admission.js';
import { lifeMsOf } from './begin.js';
import { nodeConfigOf, readForming, readWaiting, writeForming, writeNodeConfig } from './files.js';
import { askFirst, JoinRefusedError } from './first-server.js';
import { unformedOf, wholeOf } from './forming.js';
import { keysFile } from './join.js';
import type { Places } from './places.js';
import { type Services, UNITS, unitsOf } from './services.js';
import { inTurn } from './turn.js';

export interface KeeperOptions {
  readonly places: Places;
  readonly services: Services;
  readonly say: (line: string) => void;
  readonly stop: AbortSignal;
  readonly pollMs?: number;
}

const POLL_MS = 1_000;
/** How long the first server is told that we have everything, once we do. */
const TELLING_MS = 120_000;

/** What runs on a host until its cluster is whole: the first server answers joins, the others wait. @returns whether it is whole now. */
export async function keepForming(options: KeeperOptions): Promise<boolean> {
  const { places, services } = options;
  const forming = await readForming(places);
  const waiting = forming === null ? await readWaiting(places) : null;
  if (forming === null && waiting === null) {
    options.say('nothing is being formed here');
    await services.disable([UNITS.forming]);
    return true;
  }
  const isWhole = waiting === null ? await answerJoins(options) : await waitForOthers(options, waiting);
  if (!isWhole) return false;
  const trouble = await services.disable([UNITS.forming]);
  if (trouble !== null) options.say(trouble);
  return true;
}

async function answerJoins(options: KeeperOptions): Promise<boolean> {
  const { places, say, stop, pollMs = POLL_MS } = options;
  const secret = (file: string) => readFile(join(places.stateDir, file), 'utf8');
  const { secrets } = STATE_LAYOUT;
  const authority = await authorityOf({
    key: await readFile(places.authorityKey, 'utf8'),
    certificate: await readFile(places.authorityCertificate, 'utf8'),
  });
  // Read anew for each question: `yosugara join-token` writes the same file.
  const read = (): FormingState => FormingStateSchema.parse(JSON.parse(readFileSync(places.formingFile, 'utf8')));
  const self = read();
  const isKept = await isThere(join(places.stateDir, CERTIFICATE_FILES.authorityKey));
  const admission = new Admission({
    ...{ authority, read, say },
    ...(isKept ? { lifeMs: lifeMsOf(self.config) } : {}),
    tls: { key: await secret(secrets.tlsKey), certificate: await secret(secrets.tlsCert) },
    shared: await sharedFiles(places, self),
    write: (state) => writeForming(places, state),
    turn: (task) => inTurn(places, task),
  });
  const { address } = self.config.cluster.members.find(({ id }) => id === self.self)!;
  await admission.listen(address, self.port);
  say(`answering joins at ${address}:${self.port}`);
  try {
    let begun = false;
    for (;;) {
      const state = read();
      const whole = wholeOf(state.config);
      if (whole !== null && !begun) {
        await beginNode(options, state.self, whole, state.local);
        begun = true;
      }
      if (begun && unformedOf(state).length === 0) break;
      if (!(await pause(pollMs, stop))) return false;
    }
  } finally {
    await admission.close();
  }
  await inTurn(places, () => rm(places.formingFile, { force: true }));
  if (isKept) await rm(places.authorityKey, { force: true });
  say(
    isKept
      ? 'all members have the configuration. The data nodes keep the authority’s key, and renew certificates by it'
      : `all members have the configuration. The authority's key is needed no more: take ${places.authorityKey} off this host and keep it safe`,
  );
  return true;
}

/** What all data nodes have alike: as `init` wrote it or was given it, and power devices' secrets, which are named in the configuration. */
async function sharedFiles(places: Places, { config, given = [] }: FormingState): Promise<Record<string, string>> {
  const fence = config.cluster.members.flatMap(({ fence = [] }) =>
    fence.flat().flatMap((device) => Object.values(device.secretFiles)),
  );
  const named = fence.filter((file) => file.startsWith('secrets/'));
  const names = new Set([...Object.keys(sharedSecrets().files), ...given, ...named]);
  const read = async (file: string) => [file, await readFile(join(places.stateDir, file), 'utf8')] as const;
  return Object.fromEntries(await Promise.all([...names].map(read)));
}

async function waitForOthers(options: KeeperOptions, waiting: WaitingState): Promise<boolean> {
  const { places, say, stop, pollMs = POLL_MS } = options;
  const { secrets } = STATE_LAYOUT;
  const read = (file: string) => readFile(join(places.stateDir, file), 'utf8');
  const first = { host: waiting.first.address, port: waiting.first.port, authority: await read(secrets.clusterCa) };
  const own = { key: await read(secrets.tlsKey), certificate: await read(secrets.tlsCert) };
  let said = '';
  const sayOnce = (line: string) => {
    if (line !== said) say(line);
    said = line;
  };
  let begunMs: number | null = null;
  for (;;) {
    try {
      if (begunMs === null) {
        const answer = FormingSchema.parse(await askFirst({ ...first, own, method: 'GET', path: JOINING_PATHS.forming }));
        if (answer.config === null) sayOnce(`waiting for ${answer.missing.join(', ')}`);
        else {
          await beginNode(options, waiting.member, sameCluster(waiting, answer.config), waiting.local);
          begunMs = performance.now();
        }
      }
      if (begunMs !== null) {
        await askFirst({ ...first, own, method: 'POST', path: JOINING_PATHS.formed });
        break;
      }
    } catch (error) {
      // With the configuration on our disk the first server may have ended: it does when it has heard from us, and its answer can be lost.
      if (error instanceof JoinRefusedError && error.code === 'NOT_A_MEMBER') throw error;
      if (error instanceof YosugaraError && error.code === 'OTHER_CLUSTER') throw error;
      sayOnce(explain(error));
      if (begunMs !== null && performance.now() - begunMs > TELLING_MS) break;
    }
    if (!(await pause(pollMs, stop))) return false;
  }
  await Promise.all([places.waitingFile, keysFile(places, waiting.member)].map((path) => rm(path, { force: true })));
  return true;
}

/** Nothing but the others' peer ids may have changed since we joined. */
function sameCluster(waiting: WaitingState, whole: SharedConfig): SharedConfig {
  const plain = (config: SharedConfig) =>
    JSON.stringify({
      ...config,
      cluster: { ...config.cluster, members: config.cluster.members.map(({ peerId: _, ...rest }) => rest) },
    });
  const self = (config: SharedConfig) => config.cluster.members.find(({ id }) => id === waiting.member)?.peerId;
  if (plain(whole) !== plain(waiting.config) || self(whole) !== self(waiting.config))
    throw new YosugaraError(
      'OTHER_CLUSTER',
      'the first server tells another configuration than when this host joined: join again with a new token',
    );
  return whole;
}

async function beginNode(
  { places, services, say }: KeeperOptions,
  node: string,
  shared: SharedConfig,
  local: WaitingState['local'],
): Promise<void> {
  const config = nodeConfigOf(node, { ...shared, stateDir: places.stateDir, dataDir: places.dataDir }, local);
  await writeNodeConfig(places, config);
  say(`all members have joined: ${node} begins`);
  const trouble = await services.enable(unitsOf(config));
  if (trouble !== null) say(`${trouble}: start ${unitsOf(config).join(' and ')} yourself`);
}

/** @returns false: it is to end. */
async function pause(ms: number, stop: AbortSignal): Promise<boolean> {
  await delay(ms, undefined, { signal: stop }).catch(() => undefined);
  return !stop.aborted;
}
