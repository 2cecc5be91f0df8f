import { type PatternPort, render } from '@yosugara/operations';
import type { MonitorOf } from '@yosugara/protocol';
import type { ProbeAnswer, ProbeRequest } from '@yosugara/runtime';
import type { HttpClient } from '../http/ask.js';
import { CookieJar } from '../http/cookies.js';
import { fetchPage } from '../http/exchange.js';
import { planOf, type ScenarioPlan, walkPages } from '../http/scenario.js';
import { bodyText, isAllowed } from '../http/text.js';
import { askJolokia } from '../jolokia.js';
import { failure, type Look, single } from '../look.js';
import { type CurrentAuthorities, type Family, hostOf, tlsFor, urlValuesFor, valuesFor } from './family.js';

/** Rules look at so much of a page: it is enough for people, and a page without end is not held. */
const KEEP_TEXT_BYTES = 262_144;
const KEEP_NOTHING = 0;
const KEEP_JSON_BYTES = 1_048_576;

type HttpCheck = MonitorOf<'http-numeric'>['check'];
type ScenarioCheck = MonitorOf<'http-scenario'>['check'];
type Client = Pick<HttpCheck, 'auth' | 'proxy' | 'headers' | 'userAgent' | 'verifyTls' | 'followRedirects'>;

export function webFamily(patterns: PatternPort, authorities: CurrentAuthorities): Family {
  /** Settings are the same object until they change. */
  const plans = new WeakMap<object, ScenarioPlan>();
  const planFor = (check: ScenarioCheck): ScenarioPlan => {
    const known = plans.get(check) ?? planOf(check.pages, patterns);
    plans.set(check, known);
    return known;
  };
  return {
    types: ['http-numeric', 'http-string', 'http-scenario'],
    // Those that are silent must not hold up the others.
    concurrency: 1_000,
    look: async (look, request) =>
      request.type === 'http-scenario'
        ? await scenario(look, request, planFor(request.check as ScenarioCheck), authorities)
        : await page(look, request, authorities),
  };
}

async function page(look: Look, request: ProbeRequest, authorities: CurrentAuthorities): Promise<readonly ProbeAnswer[]> {
  const check = request.check as HttpCheck;
  const isText = request.type === 'http-string';
  const client = clientOf(request, check, isText ? KEEP_TEXT_BYTES : KEEP_NOTHING, authorities);
  const ask = {
    url: render(check.url, urlValuesFor(request)),
    method: check.method,
    body: render(check.body, valuesFor(request)),
  };
  const begun = performance.now();
  const answer = await look.part(check.timeoutMs, async (part) => await fetchPage(part, ask, { client, jar: new CookieJar() }));
  const ms = performance.now() - begun;
  if (!isAllowed(check.statuses, answer.status))
    return single(failure(`${answer.url.host} answers with status ${answer.status}; allowed is ${check.statuses.join(', ')}`));
  return single(isText ? { kind: 'text', text: bodyText(answer) } : { kind: 'number', number: ms });
}

async function scenario(
  look: Look,
  request: ProbeRequest,
  plan: ScenarioPlan,
  authorities: CurrentAuthorities,
): Promise<readonly ProbeAnswer[]> {
  const check = request.check as ScenarioCheck;
  const client = { ...clientOf(request, check, KEEP_TEXT_BYTES, authorities), connectMs: check.connectTimeoutMs };
  const pages = await walkPages(look, plan, { client, jar: new CookieJar() }, check.timeoutMs, urlValuesFor(request));
  return single({ kind: 'pages', pages });
}

function clientOf(request: ProbeRequest, check: Client, keepBytes: number, authorities: CurrentAuthorities): HttpClient {
  const { auth, proxy, headers, userAgent, verifyTls, followRedirects } = check;
  const values = urlValuesFor(request);
  return {
    login: auth === null ? null : { kind: auth.kind, user: auth.user, password: auth.password ?? '' },
    proxy: proxy === null ? null : { url: render(proxy.url, values), user: proxy.user, password: proxy.password ?? '' },
    headers: headers.map(({ name, value }) => ({ name, value: render(value, valuesFor(request), 'line') })),
    ...{ userAgent, followRedirects, connectMs: null, keepBytes },
    // An address names its host itself.
    tls: { verify: verifyTls, caPem: authorities() },
  };
}

export function jmxFamily(authorities: CurrentAuthorities): Family {
  return {
    types: ['jmx'],
    concurrency: 50,
    look: async (look, request) => {
      const check = request.check as MonitorOf<'jmx'>['check'];
      const host = hostOf(request);
      const url = `${check.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${check.port}${check.path}`;
      const client: HttpClient = {
        login: check.user === '' ? null : { kind: 'basic', user: check.user, password: check.password ?? '' },
        ...{ proxy: null, userAgent: '', followRedirects: false, connectMs: null, keepBytes: KEEP_JSON_BYTES },
        headers: [{ name: 'content-type', value: 'application/json' }],
        tls: tlsFor(request, check.verifyTls, authorities),
      };
      const { mbean, attribute, key } = check;
      const asked = { url, mbean, attribute, path: key };
      return single(await look.part(check.timeoutMs, async (part) => await askJolokia(part, asked, { client, jar: null })));
    },
  };
}
