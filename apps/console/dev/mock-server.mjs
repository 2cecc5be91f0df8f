// For development and screenshots only: serves apps/console/dist and plays a cluster, over plain node:http.
//   node apps/console/dev/mock-server.mjs [port]
//   POST /mock/takeover [?downMs=3000]  the Master dies; after downMs the other node serves, the dead one waits for `recover`
//   POST /mock/recover                  what the console's Recover button does
//   POST /mock/show {status, nodes, plan}  laid over what the cluster says: any state can be looked at
//   POST /mock/partition, /mock/heal    links between the nodes are relayed, or direct again
// Any login works; the password `first` must be changed.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { cluster } from './mock-cluster.mjs';
import { ingestSources, ingestSummary } from './mock-ingest.mjs';
import { newMessage, select } from './mock-messages.mjs';
import { deleteMib, listMibs, showMib, uploadMibs } from './mock-mibs.mjs';

const port = Number(process.argv[2] ?? 8099);
const dist = join(import.meta.dirname, '..', 'dist');
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/** Sees the pages that this mock plays. */
const ACCOUNT = {
  ...{ login: 'operator', role: 'admin', id: 1, name: '', mail: '', language: '', timeZone: '', source: 'local', totp: false },
  ...{
    recoveryCodesLeft: 0,
    roles: ['admin'],
    reaches: [],
    grants: { cluster: ['read', 'execute'], message: ['read'], mib: ['read', 'add', 'modify'] },
  },
};

let down = false;
let mustChange = false;
/** Newest last. */
const rows = [];
/** Committed by the old Master's receivers, stored by the new one. */
const backlog = [];
const streams = new Set();
const sockets = new Set();
const state = cluster();

for (let at = Date.now() - 5 * 60_000; at < Date.now(); at += 120 + Math.random() * 400) rows.push(newMessage(at));

function send(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
const event = (response, name, body) => response.write(`event: ${name}\ndata: ${JSON.stringify(body)}\n\n`);
const hello = () => ({ node: state.master(), epoch: state.epoch(), mode: 'active' });
const broadcast = () => {
  for (const stream of streams) event(stream.response, 'cluster', state.status());
};

function takeOver(downMs) {
  down = true;
  state.die();
  for (const socket of sockets) socket.destroy();
  streams.clear();
  setTimeout(() => {
    down = false;
    state.promote();
    // What both receivers took in meanwhile is stored now, with its original time.
    rows.push(...backlog.splice(0));
    broadcast();
  }, downMs);
}

function recover(node) {
  state.recover(node, broadcast);
}

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? {} : JSON.parse(text);
}

const loggedIn = (request) => (request.headers.cookie ?? '').includes('yosugara=');

function openStream(request, response, query) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const stream = { response, query };
  streams.add(stream);
  request.on('close', () => streams.delete(stream));
  event(response, 'hello', hello());
  event(response, 'cluster', state.status());
}

const POSTS = {
  '/api/v1/login': async (request, response) => {
    const { login, password } = await body(request);
    if (password === 'wrong') return send(response, 401, { code: 'LOGIN_FAILED', message: 'user or password is wrong' });
    mustChange = password === 'first';
    response.setHeader('set-cookie', `yosugara=${encodeURIComponent(login)}; Path=/; HttpOnly; SameSite=Strict`);
    send(response, 200, {});
  },
  '/api/v1/logout': async (_request, response) => {
    response.setHeader('set-cookie', 'yosugara=; Path=/; Max-Age=0');
    send(response, 200, {});
  },
  '/api/v1/password': async (_request, response) => {
    mustChange = false;
    send(response, 200, {});
  },
  '/api/v1/cluster/recover': async (request, response) => {
    const { node, dryRun, discardUnknown } = await body(request);
    if (dryRun) return send(response, 200, { ok: true, message: 'see the plan', plan: state.plan(node, discardUnknown) });
    recover(node);
    send(response, 200, { ok: true, message: 'accepted' });
  },
  '/api/v1/cluster/switchover': async (_request, response) => {
    send(response, 200, { ok: true, message: 'accepted' });
    setTimeout(() => takeOver(1_500), 200);
  },
  '/api/v1/mibs': async (request, response) => send(response, 200, uploadMibs((await body(request)).files)),
  '/mock/takeover': async (_request, response, url) => {
    send(response, 200, {});
    setTimeout(() => takeOver(Number(url.searchParams.get('downMs') ?? 3_000)), 20);
  },
  '/mock/show': async (request, response) => {
    state.show(await body(request));
    send(response, 200, {});
    broadcast();
  },
  '/mock/recover': async (_request, response) => {
    recover();
    send(response, 200, {});
  },
  '/mock/partition': async (_request, response) => {
    state.links('relayed');
    broadcast();
    send(response, 200, {});
  },
  '/mock/heal': async (_request, response) => {
    state.links('direct');
    broadcast();
    send(response, 200, {});
  },
};

async function serveFile(url, response) {
  const path = normalize(url.pathname);
  const file = extname(path) === '' ? '/index.html' : path;
  try {
    const content = await readFile(join(dist, file));
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': CSP,
    });
    response.end(content);
  } catch {
    send(response, 404, { code: 'NOT_FOUND', message: `${file}: build the console first` });
  }
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://mock');
  if (request.method === 'POST') {
    const post = POSTS[url.pathname];
    if (post === undefined) return send(response, 404, { code: 'NOT_FOUND', message: 'no such call' });
    if (url.pathname.startsWith('/api/') && request.headers['x-yosugara'] !== '1')
      return send(response, 403, { code: 'NOT_OURS', message: 'header x-yosugara is missing' });
    return await post(request, response, url);
  }
  if (request.method === 'DELETE') return send(response, ...deleteMib(decodeURIComponent(url.pathname.split('/').at(-1))));
  if (!url.pathname.startsWith('/api/')) return await serveFile(url, response);
  if (!loggedIn(request)) return send(response, 401, { code: 'NOT_LOGGED_IN', message: 'log in first' });
  if (url.pathname === '/api/v1/me') return send(response, 200, { ...ACCOUNT, mustChange, ...hello() });
  if (url.pathname === '/api/v1/cluster') return send(response, 200, state.status());
  if (url.pathname === '/api/v1/mibs') return send(response, 200, listMibs());
  if (url.pathname.startsWith('/api/v1/mibs/'))
    return send(response, 200, showMib(decodeURIComponent(url.pathname.split('/').at(-1))));
  if (url.pathname === '/api/v1/ingest/summary') return send(response, 200, ingestSummary());
  if (url.pathname === '/api/v1/ingest/sources') return send(response, 200, ingestSources());
  if (url.pathname === '/api/v1/messages') return send(response, 200, select(rows, url.searchParams));
  if (url.pathname === '/api/v1/stream') return openStream(request, response, url.searchParams);
  send(response, 404, { code: 'NOT_FOUND', message: 'no such call' });
});
server.on('connection', (socket) => {
  if (down) return socket.destroy();
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
});

setInterval(() => {
  const count = 1 + Math.floor(Math.random() * (Math.sin(Date.now() / 20_000) > 0.7 ? 6 : 2.4));
  const fresh = Array.from({ length: count }, () => newMessage(Date.now(), state.soloNode()));
  state.received(count);
  if (down) return void backlog.push(...fresh);
  rows.push(...fresh);
  rows.splice(0, Math.max(0, rows.length - 20_000));
  for (const stream of streams) {
    const page = select(fresh, new URLSearchParams([...stream.query, ['limit', '1000']]));
    if (page.rows.length > 0) event(stream.response, 'messages', { rows: page.rows });
  }
}, 250).unref();
setInterval(() => {
  if (!down) broadcast();
}, 1_000).unref();

server.listen(port, '127.0.0.1', () => console.log(`mock console on http://127.0.0.1:${port}/`));
