import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { JOINING_PATHS, memberTokenOf, memberTokenText, type NodeConfig, NodeConfigSchema } from '@yosugara/protocol';
import { freePort, until } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runProgram } from '../program.js';
import { anotherToken, beginCluster } from './begin.js';
import { readForming, writeForming } from './files.js';
import { askFirst } from './first-server.js';
import { admit, withToken } from './forming.js';
import { placesOf } from './places.js';
import { firstPlanOf } from './plan.js';
import { inTurn } from './turn.js';

/** Three hosts, which are folders and loopback addresses here. */
const ADDRESS = { a: '127.9.8.1', b: '127.9.8.2', w: '127.9.8.3' };
type Host = keyof typeof ADDRESS;
const daysOf = (pem: string) => (new X509Certificate(pem).validToDate.getTime() - Date.now()) / 86_400_000;

class Hosts {
  readonly dir = mkdtempSync(join(tmpdir(), 'yosu-install-'));
  readonly #stop = new AbortController();
  readonly #services: Promise<unknown>[] = [];
  /** By host: what its service said. */
  readonly said: Record<string, string> = {};

  readonly at = (host: Host, ...parts: string[]) => join(this.dir, host, ...parts);
  readonly text = (host: Host, ...parts: string[]) => readFileSync(this.at(host, ...parts), 'utf8');
  readonly config = (host: Host): NodeConfig => NodeConfigSchema.parse(parse(this.text(host, 'etc', 'yosugara.yaml')));

  async run(host: Host, ...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly notes: string }> {
    const heard = { out: '', notes: '' };
    const terminal = {
      out: (text: string) => void (heard.out += `${text}\n`),
      note: (text: string) => {
        heard.notes += text;
        this.said[host] = (this.said[host] ?? '') + text;
      },
      ...{ color: false, live: false, columns: 100 },
    };
    const code = await runProgram(args, { terminal, env: {}, cwd: this.dir, stop: this.#stop.signal });
    return { code, ...heard };
  }

  readonly places = (host: Host) => [`--config-dir=${this.at(host, 'etc')}`, `--state-dir=${this.at(host, 'state')}`];
  readonly data = (host: Host) => [`--data-dir=${this.at(host, 'data')}`, '--no-start', '--account=nobody-here', ...ACCEPTED];

  /** What yosugara-forming.service runs. */
  serve(host: Host): void {
    this.#services.push(this.run(host, 'forming', ...this.places(host), `--data-dir=${this.at(host, 'data')}`, '--no-start'));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#services);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** How much this machine has is not what is looked at here. */
const ACCEPTED = ['memory', 'disk-space', 'disk-fsync', 'open-files', 'postgres', 'programs'].flatMap((id) => ['--accept', id]);

describe('three hosts of which one is the first server', () => {
  const hosts = new Hosts();
  let begun: { firstLogin: { password: string }; tokens: { member: string; kind: string; token: string }[] };
  const tokenOf = (member: string) => begun.tokens.find((each) => each.member === member)!.token;
  const authority = () => hosts.text('a', 'etc', 'authority', 'ca.crt');

  beforeAll(async () => {
    const init = ['init', ...hosts.places('a'), ...hosts.data('a'), '--self=a', '--cluster-id=three', '--stop-proofs=P1,P4'];
    const members = [`--member=a=${ADDRESS.a},zone=x`, `--member=b=${ADDRESS.b},zone=y`, `--arbiter=w=${ADDRESS.w},zone=z`];
    const ports = [`--join-port=${await freePort()}`, '--port=syslog=5514', '--port=trap=1162', '--json'];
    writeFileSync(join(hosts.dir, 'passphrase'), 'what backups are encrypted with\n');
    const given = `--secret=backup-passphrase=${join(hosts.dir, 'passphrase')}`;
    const made = await hosts.run('a', ...init, ...members, ...ports, given);
    expect(made.notes).toBe('');
    begun = JSON.parse(made.out);
    hosts.serve('a');
    await until(() => hosts.said['a']?.includes('answering joins') === true);
  });
  afterAll(() => hosts.close());

  it('begins nothing while members are missing', () => expect(existsSync(hosts.at('a', 'etc', 'yosugara.yaml'))).toBe(false));

  it('has a token for each other member, with the authority by which the first server is known', () => {
    expect(begun.tokens.map(({ member, kind }) => [member, kind])).toEqual([
      ['b', 'data'],
      ['w', 'witness'],
    ]);
    expect(memberTokenOf(tokenOf('b'))).toMatchObject({ address: ADDRESS.a, member: 'b', kind: 'data' });
  });

  it('keeps no secret of a token, and the authority’s key for its owner only', () => {
    expect(hosts.text('a', 'etc', 'forming.json')).not.toContain(memberTokenOf(tokenOf('b'))!.secret);
    expect(statSync(hosts.at('a', 'etc', 'authority', 'ca.key')).mode & 0o777).toBe(0o600);
  });

  it('is begun once', async () => {
    const again = await hosts.run(
      'a',
      'init',
      ...hosts.places('a'),
      ...hosts.data('a'),
      '--self=a',
      `--member=a=${ADDRESS.a}`,
      `--member=b=${ADDRESS.b}`,
      '--stop-proofs=P1,P4',
    );
    expect(again).toMatchObject({ code: 1, notes: expect.stringContaining('member of a cluster already') });
  });

  it('tells its secret to nobody but the server that the token names', async () => {
    const other = memberTokenText({ ...memberTokenOf(tokenOf('b'))!, authority: 'A'.repeat(43) });
    const refused = await hosts.run('b', 'join', other, ...hosts.places('b'), ...hosts.data('b'));
    expect(refused).toMatchObject({ code: 1, notes: expect.stringContaining('shows no certificate with that fingerprint') });
    expect(existsSync(hosts.at('b', 'etc', 'joining-b.json'))).toBe(false);
  });

  it('lets nobody in whose secret it does not know, and nobody as another member', async () => {
    const token = memberTokenOf(tokenOf('b'))!;
    for (const wrong of [
      { ...token, secret: 'B'.repeat(43) },
      { ...token, member: 'w', kind: 'witness' as const },
    ]) {
      const refused = await hosts.run('w', 'join', memberTokenText(wrong), ...hosts.places('w'), ...hosts.data('w'));
      expect(refused).toMatchObject({ code: 1, notes: expect.stringContaining('the token is not good here') });
    }
    rmSync(hosts.at('w'), { recursive: true });
  });

  it('gives who joins a certificate for the keys that it made, and what data nodes share', async () => {
    const joined = await hosts.run('b', 'join', tokenOf('b'), ...hosts.places('b'), ...hosts.data('b'), '--json');
    expect(joined.notes).toBe('');
    expect(JSON.parse(joined.out)).toMatchObject({ member: 'b', kind: 'data', missing: ['w'] });
    expect(hosts.text('b', 'state', 'secrets', 'pg-superuser')).toBe(hosts.text('a', 'state', 'secrets', 'pg-superuser'));
    expect(hosts.text('b', 'state', 'secrets', 'backup-passphrase')).toBe('what backups are encrypted with\n');
    const [own, first] = (['b', 'a'] as const).map((host) => hosts.text(host, 'state', 'secrets', 'tls.key'));
    expect(own).not.toBe(first);
    expect(hosts.text('a', 'etc', 'forming.json')).not.toContain(hosts.text('b', 'state', 'secrets', 'identity.seed').trim());
  });

  it('says no to a second host with the same token', async () => {
    const refused = await hosts.run('w', 'join', tokenOf('b'), ...hosts.places('w'), ...hosts.data('w'));
    expect(refused).toMatchObject({ code: 1, notes: expect.stringContaining('was used by another host') });
    rmSync(hosts.at('w'), { recursive: true });
  });

  it('says nothing to whoever has no certificate of the cluster', async () => {
    const { port } = memberTokenOf(tokenOf('b'))!;
    const asked = askFirst({ host: ADDRESS.a, port, authority: authority(), method: 'GET', path: JOINING_PATHS.forming });
    await expect(asked).rejects.toMatchObject({ code: 'NOT_A_MEMBER' });
  });

  it('makes another token for a member that is missing, and the one before is good for nothing', async () => {
    const made = await hosts.run('a', 'join-token', 'w', `--config-dir=${hosts.at('a', 'etc')}`, '--json');
    const refused = await hosts.run('w', 'join', tokenOf('w'), ...hosts.places('w'), ...hosts.data('w'));
    expect(refused.notes).toContain('the token is not good here');
    rmSync(hosts.at('w'), { recursive: true });
    begun.tokens[1]!.token = JSON.parse(made.out).token;
  });

  it('begins everywhere with one configuration when the last one has joined, and the witness has no password', async () => {
    hosts.serve('b');
    await expect.poll(() => hosts.said['b']).toContain('waiting for w');
    const joined = await hosts.run('w', 'join', tokenOf('w'), ...hosts.places('w'), ...hosts.data('w'), '--json');
    expect(joined.notes).toBe('');
    hosts.serve('w');
    for (const host of ['a', 'b', 'w'] as const)
      await expect.poll(() => existsSync(hosts.at(host, 'etc', 'yosugara.yaml'))).toBe(true);
    for (const host of ['b', 'w'] as const) expect(hosts.config(host).cluster).toEqual(hosts.config('a').cluster);
    expect(hosts.config('w').dataDir).toBeUndefined();
    expect(existsSync(hosts.at('w', 'state', 'secrets', 'pg-superuser'))).toBe(false);
    // What it needed for that is gone: the authority's key is where its controller renews certificates by it, and was sent to nobody.
    await expect.poll(() => existsSync(hosts.at('a', 'etc', 'forming.json'))).toBe(false);
    await expect.poll(() => hosts.said['a']).toMatch(/The data nodes keep the authority’s key/);
    expect(existsSync(hosts.at('a', 'etc', 'authority', 'ca.key'))).toBe(false);
    expect(statSync(hosts.at('a', 'state', 'secrets', 'ca.key')).mode & 0o777).toBe(0o600);
    for (const host of ['b', 'w'] as const) expect(existsSync(hosts.at(host, 'state', 'secrets', 'ca.key'))).toBe(false);
    for (const host of ['a', 'b', 'w'] as const)
      expect(daysOf(hosts.text(host, 'state', 'secrets', 'tls.crt')), host).toBeCloseTo(365, 0);
    for (const file of ['waiting.json', 'joining-b.json'])
      await expect.poll(() => existsSync(hosts.at('b', 'etc', file))).toBe(false);
  });
});

describe('a token', () => {
  const config = {
    cluster: {
      members: [
        { id: 'a', kind: 'data', address: '192.0.2.1', zone: 'x', peerId: 'known' },
        { id: 'b', kind: 'data', address: '192.0.2.2', zone: 'x', peerId: 'pending' },
      ],
    },
  };
  const begin = { version: 1, self: 'a', port: 7948, config, local: {}, tokens: [], formed: [] } as never;
  const { state, token } = withToken(begin, { member: 'b', untilMs: 10_000, authority: 'A'.repeat(43) });
  const asked = { member: 'b', secret: token.secret, request: 'R', peerId: 'P' };

  it.each([
    [9_999, 'admitted'],
    [10_000, 'refused'],
  ])('at %d ms of 10000 is %s', (nowMs, kind) => expect(admit(state, asked, nowMs).kind).toBe(kind));

  it('is good again for the same host and key when the answer was lost, also after its time', () => {
    const first = admit(state, asked, 0);
    if (first.kind !== 'admitted') throw new Error(first.code);
    expect(admit(first.state, asked, 20_000)).toMatchObject({ kind: 'admitted', again: true });
    expect(admit(first.state, { ...asked, request: 'other' }, 0)).toMatchObject({ kind: 'refused', code: 'TOKEN_USED' });
  });

  it('does not let the same identity be two members', () =>
    expect(admit(state, { ...asked, peerId: 'known' }, 0)).toMatchObject({ kind: 'refused', code: 'IDENTITY_KNOWN' }));

  it('of another kind is none', () => {
    expect(memberTokenOf('yja.x.y')).toBeNull();
    expect(memberTokenOf(`yjm1.${Buffer.from('{}').toString('base64url')}`)).toBeNull();
  });
});

describe('what is known of a cluster that is being formed', () => {
  const dir = mkdtempSync(join(tmpdir(), 'yosu-turn-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('is changed by one at a time: a token that is made while somebody joins forgets nothing, and is not forgotten', async () => {
    const places = placesOf({ configDir: dir, stateDir: join(dir, 'state'), dataDir: join(dir, 'data') });
    const members = ['a', 'b', 'w'].map((id, index) => ({
      ...{ id, kind: id === 'w' ? ('witness' as const) : ('data' as const), address: `192.0.2.${index + 1}` },
      ...{ zone: id, peerId: 'pending' },
    }));
    const asked = { self: 'a', secret: [], joinPort: 7948, minutes: 60 };
    const plan = firstPlanOf({ clusterId: 'turn', members, stopProofs: ['P1', 'P4'] }, asked, places);
    const { tokens } = await beginCluster(places, plan);
    const secret = memberTokenOf(tokens.find(({ member }) => member === 'b')!.token)!.secret;
    const { made } = await inTurn(places, async () => {
      const read = (await readForming(places))!;
      const making = anotherToken(
        places,
        { member: 'w', minutes: 1, again: false },
        readFileSync(places.authorityCertificate, 'utf8'),
      );
      // It has all the time that it needs, if nothing holds it up.
      await Promise.race([making, delay(300)]);
      const joined = admit(read, { member: 'b', secret, request: 'R', peerId: 'P' }, 0);
      if (joined.kind !== 'admitted') throw new Error(joined.code);
      await writeForming(places, joined.state);
      return { made: making };
    });
    const { token } = await made;
    const state = (await readForming(places))!;
    expect(state.config.cluster.members.find(({ id }) => id === 'b')?.peerId).toBe('P');
    expect(admit(state, { member: 'w', secret: memberTokenOf(token)!.secret, request: 'R', peerId: 'Q' }, 0).kind).toBe(
      'admitted',
    );
    expect(existsSync(places.turnFolder)).toBe(false);
  });
});
