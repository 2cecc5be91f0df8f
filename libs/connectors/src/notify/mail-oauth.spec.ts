import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MailPayload } from '@yosugara/operations';
import { MailServerBodySchema } from '@yosugara/protocol';
import { TestAuthority } from '@yosugara/testkit';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { mailSender } from './mail.js';
import { MailConnections } from './mail-connections.js';
import { OAuthTokens } from './oauth-tokens.js';
import { TOLD, within } from './testing/counterparts.js';
import { CountingServer } from './testing/smtp-server.js';

const PAYLOAD: MailPayload = {
  ...{ kind: 'mail', servers: ['m1'], to: ['ann@example.com'], cc: [], bcc: [] },
  ...{ subject: 'no answer', text: 'no answer' },
};
const WELL = { kind: 'accepted' };
const SECRETS = { clientSecret: 'client-secret-1', refreshToken: 'refresh-token-1' };
const authority = new TestAuthority();
const { cert, key } = authority.issue('mail', ['IP:127.0.0.1']);
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});
afterAll(() => authority.remove());

interface Asked {
  readonly form: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
}
type Answer = (asked: Asked, count: number) => { readonly status?: number; readonly body: unknown } | null;

/** A token endpoint. @param answer null: it keeps silent. */
async function tokenEndpoint(answer: Answer) {
  const asked: Asked[] = [];
  const read = async (request: IncomingMessage) => {
    let text = '';
    for await (const part of request) text += part;
    return text;
  };
  const server: Server = createServer((request, response) => {
    void read(request).then((text) => {
      asked.push({ form: Object.fromEntries(new URLSearchParams(text)), authorization: request.headers.authorization });
      const said = answer(asked.at(-1)!, asked.length);
      if (said === null) return;
      response.writeHead(said.status ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify(said.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, tokenUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token` };
}
const counted: Answer = (_, count) => ({ body: { access_token: `token-${count}`, token_type: 'Bearer', expires_in: 3_600 } });

/** A mail server that lets in who has a token that `isGood` says yes to. */
async function mailServer(isGood: (token: string) => boolean = () => true) {
  const logins: string[] = [];
  const server = new CountingServer({
    ...{ authOptional: false, authMethods: ['XOAUTH2'], disabledCommands: [], cert, key },
    onAuth: ({ method, username, accessToken = '' }, _, done) => {
      logins.push(`${method} ${username} ${accessToken}`);
      if (isGood(accessToken)) return done(null, { user: username ?? '' });
      done(null, { data: { status: '401', schemes: 'bearer', scope: 'mail' } });
    },
  });
  const port = await server.listen();
  undo.push(() => server.stop());
  return { server, port, logins };
}

async function begun(answer: Answer, isGood?: (token: string) => boolean, change: object = {}) {
  const endpoint = await tokenEndpoint(answer);
  const mails = await mailServer(isGood);
  let nowMs = 0;
  // A connection for each mail: each logs in.
  const connections = new MailConnections({ mails: 1, tokens: new OAuthTokens(() => nowMs) });
  const oauth2 = { tokenUrl: endpoint.tokenUrl, clientId: 'client-1', ...SECRETS, ...change };
  let body = MailServerBodySchema.parse({
    ...{ host: '127.0.0.1', port: mails.port, security: 'starttls', ca: authority.ca.toString(), from: 'ops@example.com' },
    ...{ user: 'ops@example.com', oauth2, timeoutMs: 60_000 },
  });
  const send = mailSender({ mailServer: () => body, restAccess: () => null, trap: () => null }, connections);
  return {
    ...{ ...endpoint, ...mails },
    mail: async (deadlineMs = 60_000) => await send(PAYLOAD, TOLD, within(deadlineMs)),
    later: (ms: number) => {
      nowMs += ms;
    },
    set: (more: object) => {
      body = MailServerBodySchema.parse({ ...body, oauth2: { ...body.oauth2, ...more } });
    },
  };
}

describe('a mail server with OAuth 2.0', () => {
  it('is given a token for the refresh token, which is asked for once as long as it lasts', async () => {
    const { mail, asked, logins, server } = await begun(counted, undefined, { scope: 'mail.send' });
    expect([await mail(), await mail()]).toEqual([WELL, WELL]);
    expect(asked).toEqual([
      {
        form: {
          ...{ grant_type: 'refresh_token', refresh_token: 'refresh-token-1', scope: 'mail.send' },
          ...{ client_id: 'client-1', client_secret: 'client-secret-1' },
        },
        authorization: undefined,
      },
    ]);
    expect(logins).toEqual(Array(2).fill('XOAUTH2 ops@example.com token-1'));
    expect(server.mails).toHaveLength(2);
  });
  it('is given one for the credentials of the client, in the header where the endpoint wants them there', async () => {
    const { mail, asked } = await begun(counted, undefined, { grant: 'client-credentials', clientAuth: 'basic' });
    expect(await mail()).toEqual(WELL);
    const authorization = `Basic ${Buffer.from('client-1:client-secret-1').toString('base64')}`;
    expect(asked).toEqual([{ form: { grant_type: 'client_credentials' }, authorization }]);
  });
  it.each([
    [3_539_000, ['token-1', 'token-1']],
    [3_540_000, ['token-1', 'token-2']],
  ])('has a new one a minute before the old one ends: after %d ms of an hour', async (afterMs, tokens) => {
    const { mail, later, logins } = await begun(counted);
    await mail();
    later(afterMs);
    await mail();
    expect(logins.map((login) => login.split(' ')[2])).toEqual(tokens);
  });
  it('that refuses a token is given a new one at once', async () => {
    const { mail, asked, logins } = await begun(counted, (token) => token !== 'token-1');
    expect(await mail()).toEqual(WELL);
    expect([asked.length, logins.length]).toEqual([2, 2]);
    expect(await mail()).toEqual(WELL);
    expect(asked).toHaveLength(2);
  });
  it('that refuses all of them is tried again later, and nobody reads a token or a secret', async () => {
    const { mail, asked, server } = await begun(counted, () => false);
    const sent = await mail();
    expect(sent).toMatchObject({ kind: 'retry', why: expect.stringMatching(/^m1: Invalid login: 535/) });
    expect(JSON.stringify(sent)).not.toMatch(/token-\d|secret-1/);
    expect([asked.length, server.mails]).toEqual([2, []]);
  });
  it('is not asked for anything when the endpoint refuses; what it says is told, without what is secret', async () => {
    const refusal = { error: 'invalid_grant', error_description: 'refresh-token-1 was revoked' };
    const { mail, logins } = await begun(() => ({ status: 400, body: refusal }));
    const sent = await mail();
    expect(sent).toMatchObject({
      kind: 'retry',
      why: expect.stringMatching(/gave no token \(400\): "invalid_grant: \*\*\* was revoked"/),
    });
    expect(logins).toEqual([]);
  });
  it.each<[string, unknown]>([
    ['has no token in it', { expires_in: 3_600 }],
    ['is none', 'token-1'],
  ])('has no mail when the answer of the endpoint %s', async (_, body) => {
    const { mail } = await begun(() => ({ body }));
    expect(await mail()).toMatchObject({ kind: 'retry', why: expect.stringContaining('no token was found') });
  });
  it('is left in time when the endpoint keeps silent', async () => {
    const { mail } = await begun(() => null);
    expect(await mail(500)).toMatchObject({ kind: 'retry', why: expect.stringContaining('no answer within 500 ms') });
  });
  it('is asked for with the newest refresh token, where the endpoint gives new ones', async () => {
    const { mail, later, asked, set } = await begun((_, count) => ({
      body: { access_token: `token-${count}`, expires_in: 60, refresh_token: `refresh-token-${count + 1}` },
    }));
    for (let at = 0; at < 3; at++) {
      await mail();
      later(60_000);
    }
    set({ refreshToken: 'refresh-token-new' });
    await mail();
    expect(asked.map(({ form }) => form['refresh_token'])).toEqual([
      ...['refresh-token-1', 'refresh-token-2', 'refresh-token-3', 'refresh-token-new'],
    ]);
  });
});
