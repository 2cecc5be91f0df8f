import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificatePem, issueMember, keyPem, newAuthority } from '@yosugara/connectors/pki';
import { type NodeId, nodeId, SILENT_LOG } from '@yosugara/kernel';
import { type AgentsTrust, CERTIFICATE_FILES, NodeConfigSchema, STATE_LAYOUT } from '@yosugara/protocol';
import type { MemberMailbox } from '@yosugara/transport';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CertificateDesk } from './desk.js';
import { CertificateKeeper } from './keeper.js';
import { MAKER_HERE } from './maker-here.js';
import { certificatesIn, isSignedBy, sha256Of } from './own-files.js';

const DAY_MS = 86_400_000;
const KINDS = { a: 'data', b: 'data', w: 'witness' } as const;
type Name = keyof typeof KINDS;
const NAMES = Object.keys(KINDS) as Name[];

/** Mailboxes in one process: a question goes to whoever answers for that member, unless one of the two is cut off. */
class Wires {
  readonly answers = new Map<string, Parameters<MemberMailbox['onAsk']>[0]>();
  readonly cut = new Set<string>();
  readonly banished = new Map<string, ReadonlySet<NodeId>>();
  of(name: string): Pick<MemberMailbox, 'ask' | 'onAsk' | 'banish'> {
    return {
      ask: async (to, question) => {
        const isOut = this.banished.get(to)?.has(nodeId(name)) === true || this.banished.get(name)?.has(to) === true;
        const answer = this.answers.get(to);
        if (answer === undefined || isOut || this.cut.has(to) || this.cut.has(name)) throw new Error(`${to} is silent`);
        return await answer(nodeId(name), question);
      },
      onAsk: (answer) => void this.answers.set(name, answer),
      banish: (peers) => void this.banished.set(name, peers),
    };
  }
}

interface Member {
  readonly keeper: CertificateKeeper;
  readonly desk: CertificateDesk;
  readonly dir: string;
  changes: number;
}

let root: string;
let wires: Wires;
let nowMs: number;
let agents: AgentsTrust | null;
let authorityKey: string;
const members = new Map<Name, Member>();

const read = (name: Name, file: string) => readFileSync(join(root, name, file), 'utf8');
const certificate = (name: Name) => certificatesIn(read(name, STATE_LAYOUT.secrets.tlsCert))[0]!;
const authorities = (name: Name) => certificatesIn(read(name, STATE_LAYOUT.secrets.clusterCa)).map(sha256Of);
const get = (name: Name) => members.get(name)!;

/** What a start of the controller is: the same folders, another process. */
async function start(name: Name): Promise<void> {
  const config = NodeConfigSchema.parse({
    cluster: {
      id: 'spec',
      members: NAMES.map((id, at) => ({ id, kind: KINDS[id], address: `192.0.2.${at + 1}`, peerId: `peer-${id}` })),
      vip: { address: '192.0.2.9', driver: 'none' },
      certificates: { lifeDays: 90 },
    },
    ...{ node: name, stateDir: join(root, name), ...(name === 'w' ? {} : { dataDir: join(root, name, 'data') }) },
  });
  const member = { dir: config.stateDir, changes: get(name)?.changes ?? 0 } as { -readonly [Key in keyof Member]: Member[Key] };
  member.keeper = new CertificateKeeper({
    ...{ config, mailbox: wires.of(name), maker: MAKER_HERE, log: SILENT_LOG, wallMs: () => nowMs },
    onChange: async () => void member.changes++,
    agents: () => (name === 'a' ? agents : null),
  });
  member.desk = new CertificateDesk({
    ...{ node: name, clusterId: 'spec', keeper: member.keeper, maker: MAKER_HERE, wallMs: () => nowMs },
  });
  members.set(name, member);
  await member.keeper.start();
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'yosugara-certificates-'));
  wires = new Wires();
  nowMs = Date.now();
  agents = null;
  members.clear();
  const authority = await newAuthority('spec');
  authorityKey = join(root, 'ca.key');
  await writeFile(authorityKey, await keyPem(authority.keys));
  for (const name of NAMES) {
    const { key, certificate: pem } = await issueMember(authority, name, ['192.0.2.1']);
    await mkdir(join(root, name, 'secrets'), { recursive: true });
    const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
    const files = { [tlsKey]: key, [tlsCert]: pem, [clusterCa]: certificatePem(authority.certificate) };
    for (const [file, text] of Object.entries(files)) await writeFile(join(root, name, file), text);
    await start(name);
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Steps until it says that it is done, or that it waits. */
async function rotate(name: Name, leaveAgents = false): Promise<string[]> {
  const steps: string[] = [];
  for (let begin = true; steps.length < 20; begin = false) {
    const { step } = await get(name).desk.rotate({ begin, leaveAgents });
    steps.push(step);
    if (step === 'done' || step === 'agents') break;
  }
  return steps;
}

describe('a certificate', () => {
  it('is renewed with another key when two thirds of its life are over, and not before', async () => {
    await get('a').desk.keep(authorityKey);
    await get('a').desk.renew();
    const first = certificate('a');
    expect(first.validToDate.getTime() - nowMs).toBeLessThan(91 * DAY_MS);
    expect(first.subjectAltName).toContain('192.0.2.9');
    expect(certificate('w').subjectAltName).not.toContain('192.0.2.9');
    nowMs += 50 * DAY_MS;
    await get('a').keeper.look();
    expect(sha256Of(certificate('a'))).toBe(sha256Of(first));
    nowMs += 12 * DAY_MS;
    await get('a').keeper.look();
    expect(sha256Of(certificate('a'))).not.toBe(sha256Of(first));
    expect(certificate('a').publicKey.equals(first.publicKey)).toBe(false);
    expect(get('a').changes).toBeGreaterThan(1);
  });

  it('of the arbiter is signed by a data node, also when it has run out long ago', async () => {
    await get('b').desk.keep(authorityKey);
    await get('b').desk.renew('w');
    const before = sha256Of(certificate('w'));
    nowMs += 400 * DAY_MS;
    await get('w').keeper.look();
    expect(sha256Of(certificate('w'))).not.toBe(before);
    expect(certificate('w').subject).toContain('CN=w');
  });

  it('that nobody can sign stays, and what to do is told', async () => {
    const before = sha256Of(certificate('w'));
    nowMs += 9 * 366 * DAY_MS;
    await get('w').keeper.look();
    expect(sha256Of(certificate('w'))).toBe(before);
    expect((await get('w').keeper.state()).trouble).toContain('yosugara certificates keep');
  });

  it('whose key was written by a controller that died before it wrote the certificate is whole after the next start', async () => {
    await get('a').desk.keep(authorityKey);
    const pair = { key: read('a', STATE_LAYOUT.secrets.tlsKey), certificate: read('a', STATE_LAYOUT.secrets.tlsCert) };
    await get('a').desk.renew('a');
    await writeFile(join(root, 'a', CERTIFICATE_FILES.nextPair), JSON.stringify(pair));
    await writeFile(join(root, 'a', STATE_LAYOUT.secrets.tlsKey), pair.key);
    expect((await get('a').keeper.state()).certificate).toBeNull();
    await start('a');
    expect((await get('a').keeper.state()).certificate?.sha256).toBe(sha256Of(certificatesIn(pair.certificate)[0]!));
  });

  it('is asked for by its own member only: a data node signs nothing under another name, and the arbiter tells nobody whom to trust', async () => {
    await get('a').desk.keep(authorityKey);
    const { request } = await MAKER_HERE.request('a');
    const authority = authorities('a')[0]!;
    const answer = await wires.of('w').ask(nodeId('a'), Buffer.from(JSON.stringify({ ask: 'sign', request, authority })), 1_000);
    const { certificate: pem } = JSON.parse(Buffer.from(answer).toString('utf8')) as { certificate: string };
    expect(certificatesIn(pem)[0]!.subject).toContain('CN=w');
    const question = JSON.stringify({ ask: 'trust', authorities: read('w', STATE_LAYOUT.secrets.clusterCa) });
    const refused = await wires.of('w').ask(nodeId('a'), Buffer.from(question), 1_000);
    expect(JSON.parse(Buffer.from(refused).toString('utf8'))).toMatchObject({ kind: 'refused' });
  });
});

describe('the key of the authority', () => {
  it('is kept by data nodes only, and only when it is that of the authority that signs', async () => {
    await get('a').desk.keep(authorityKey);
    const { members: told } = await get('a').desk.list();
    expect(told.map(({ member, state }) => [member, state?.signs != null])).toEqual([
      ['a', true],
      ['b', true],
      ['w', false],
    ]);
    await writeFile(authorityKey, (await MAKER_HERE.authority('other')).key);
    await expect(get('a').desk.keep(authorityKey)).rejects.toMatchObject({ code: 'BAD_AUTHORITY' });
  });

  it('is handed on by a data node that has it to one that has not, and to nobody else', async () => {
    await writeFile(join(root, 'a', CERTIFICATE_FILES.authorityKey), readFileSync(authorityKey));
    const handOn = async () => await get('a').desk.handOn(await get('a').desk.list());
    expect(await handOn()).toEqual(['b']);
    expect(await handOn()).toEqual([]);
    expect(read('b', CERTIFICATE_FILES.authorityKey)).toBe(readFileSync(authorityKey, 'utf8'));
    expect(() => read('w', CERTIFICATE_FILES.authorityKey)).toThrow('ENOENT');
    rmSync(join(root, 'b', CERTIFICATE_FILES.authorityKey));
    await get('a').desk.revoke('b', 'spec');
    expect(await handOn()).toEqual([]);
  });
});

describe('the authority', () => {
  it('is replaced: at no step do two members fail to believe each other, and at the end the old one is nobody', async () => {
    const old = authorities('a')[0]!;
    const steps: string[] = [];
    for (let begin = true; ; begin = false) {
      const { step } = await get('a').desk.rotate({ begin, leaveAgents: true });
      steps.push(step);
      for (const shown of NAMES)
        for (const by of NAMES) {
          const trusted = certificatesIn(read(by, STATE_LAYOUT.secrets.clusterCa));
          expect(
            trusted.some((each) => isSignedBy(certificate(shown), each)),
            `${by} believes ${shown} after ${step}`,
          ).toBe(true);
        }
      if (step === 'done') break;
    }
    expect(steps).toEqual(['made', 'held', 'trusted', 'issued', 'issued', 'dropped', 'done']);
    for (const name of NAMES) expect(authorities(name)).toEqual([authorities('a')[0]]);
    expect(authorities('a')[0]).not.toBe(old);
    const { members: told } = await get('b').desk.list();
    expect(told.map(({ state }) => state?.signs != null)).toEqual([true, true, false]);
  });

  it('is not replaced past a member that says nothing, and goes on from there when it is back, on the other node too', async () => {
    wires.cut.add('w');
    await expect(rotate('a', true)).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('w did not answer'),
    });
    wires.cut.clear();
    for (const [begin, expected] of [
      [true, 'made'],
      [false, 'held'],
      [false, 'trusted'],
    ] as const)
      expect((await get('a').desk.rotate({ begin, leaveAgents: true })).step).toBe(expected);
    wires.cut.add('w');
    await expect(get('a').desk.rotate({ begin: false, leaveAgents: true })).rejects.toMatchObject({ code: 'REFUSED' });
    expect(isSignedBy(certificate('b'), certificatesIn(read('w', STATE_LAYOUT.secrets.clusterCa))[0]!)).toBe(true);
    wires.cut.clear();
    await start('a');
    expect((await rotate('b', true)).at(-1)).toBe('done');
    for (const name of NAMES) expect(authorities(name)).toEqual(authorities('a').slice(0, 1));
  });

  it('waits for the agents', async () => {
    agents = { authorities: authorities('a'), behind: 0, some: [] };
    expect((await rotate('a')).at(-1)).toBe('agents');
    agents = { authorities: authorities('a'), behind: 1, some: ['web1'] };
    expect((await get('a').desk.rotate({ begin: false, leaveAgents: false })).says).toContain('web1');
    agents = { ...agents, behind: 0 };
    expect((await rotate('a')).at(-1)).toBe('done');
  });
});

describe('the authority that grows old', () => {
  it('is replaced by the cluster itself, and nothing is signed by the new one before people had time to bring it to senders', async () => {
    const old = authorities('a')[0]!;
    const { desk } = get('a');
    const until = async (mayIssue: boolean, last: string) => {
      for (let count = 0; count < 12; count++) {
        agents = { authorities: authorities('a'), behind: 0, some: [] };
        const answer = await desk.rotateByItself(() => mayIssue);
        if (answer.step === last) return answer;
      }
      throw new Error(`${last} was not reached`);
    };
    expect((await until(false, 'agents')).says).toContain('overlap');
    for (const name of NAMES) {
      expect(authorities(name)).toHaveLength(2);
      expect(
        certificatesIn(read(name, STATE_LAYOUT.secrets.clusterCa)).findIndex((each) => isSignedBy(certificate(name), each)),
      ).toBe(0);
    }
    await until(true, 'dropped');
    for (const name of NAMES) expect(authorities(name)).not.toContain(old);
  });
});

describe('a member that is revoked', () => {
  it('is out at all others at once, stays out after their restart, and asks for nothing any more', async () => {
    await get('a').desk.keep(authorityKey);
    await get('a').desk.revoke('b', 'spec');
    expect(wires.banished.get('a')).toEqual(new Set(['b']));
    expect(wires.banished.get('w')).toEqual(new Set(['b']));
    wires.banished.delete('w');
    await start('w');
    expect(wires.banished.get('w')).toEqual(new Set(['b']));
    const before = sha256Of(certificate('w'));
    nowMs += 9 * 366 * DAY_MS;
    await get('w').keeper.look();
    expect(sha256Of(certificate('w'))).not.toBe(before);
  });

  it('is out also at a member that was away meanwhile', async () => {
    wires.cut.add('w');
    await get('a').desk.revoke('b', 'spec');
    expect(wires.banished.get('w') ?? new Set()).toEqual(new Set());
    wires.cut.clear();
    expect(await get('a').desk.spread()).toEqual([]);
    expect(wires.banished.get('w')).toEqual(new Set(['b']));
  });

  it('is not waited for when the authority is replaced, and does not know the new one', async () => {
    await get('a').desk.revoke('b', 'spec');
    expect((await rotate('a', true)).at(-1)).toBe('done');
    expect(authorities('b')).not.toContain(authorities('a')[0]);
    expect(authorities('w')).toEqual(authorities('a'));
  });
});
