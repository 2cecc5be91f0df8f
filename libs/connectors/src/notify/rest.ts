import { type RestPayload, render, restBody, type Told, type Values } from '@yosugara/operations';
import type { RestAccessBody } from '@yosugara/protocol';
import type { Sent } from '@yosugara/runtime';
import { Look, ProbeFailure, quoted, sentence } from '../probes/look.js';
import { basic } from '../tunnel/index.js';
import { ask, type HttpAsk, type HttpTold } from './http.js';
import { accepted, refused, retry, type Sender, type SenderSettings } from './port.js';
import { TokenStore } from './tokens.js';

const MAX_REDIRECTS = 3;
/** 408, 425, 429: later; 5xx: perhaps later. */
const LATER = new Set([408, 425, 429]);

export function restSender(settings: SenderSettings): Sender<RestPayload> {
  const tokens = new TokenStore();
  return async (payload, told, { deadlineMs, signal }) => {
    const access = settings.restAccess(payload.access);
    if (access === null) return retry(`there is no REST access ${payload.access}`);
    const look = new Look(deadlineMs, signal);
    try {
      let sent = await once(look, access, payload, told, tokens);
      for (let again = 0; again < access.retries && sent.kind === 'retry' && look.leftMs > 0; again++)
        sent = await once(look, access, payload, told, tokens);
      return sent;
    } finally {
      look.close();
    }
  };
}

async function once(look: Look, access: RestAccessBody, payload: RestPayload, told: Told, tokens: TokenStore): Promise<Sent> {
  try {
    const answer = await withAuth(look, access, askOf(access, payload, told), payload.access, tokens);
    const { status, retryAfterMs } = answer;
    if (status >= 200 && status < 300) return accepted;
    const said = answer.body.trim() === '' ? '' : `: ${quoted(hidden(answer.body, access, tokens.held(payload.access)))}`;
    const why = `${payload.access} answered ${status}${said}`;
    if (status >= 500 || LATER.has(status)) return retry(why, retryAfterMs ?? undefined);
    return refused(status >= 300 && status < 400 ? `${why}: it leads to another place, where nothing is sent` : why);
  } catch (error) {
    return retry(hidden(sentence(error), access, tokens.held(payload.access)));
  }
}

function askOf(access: RestAccessBody, payload: RestPayload, told: Told): HttpAsk {
  const values: Values = (name) => (name === 'SECRET' ? (access.secret ?? '') : payload.values[name]);
  const address = render(access.url.replaceAll('#[SECRET]', '#[SECRET:original]'), values, 'url');
  if (!URL.canParse(address)) throw new ProbeFailure('the address is none once the values are in it');
  const { body, contentType } = restBody(access, payload, values);
  const own = Object.entries(access.headers).map(([name, value]) => [
    name.toLowerCase(),
    headerText(render(value, values, 'line')),
  ]);
  return {
    ...{ method: access.method, url: new URL(address), body },
    headers: {
      ...(contentType === '' ? {} : { 'content-type': contentType }),
      ...Object.fromEntries(own),
      // draft-ietf-httpapi-idempotency-key-header: the same for the same thing, so that who knows it does it once.
      ...{ 'idempotency-key': headerText(told.id), 'x-yosugara-id': headerText(told.id) },
    },
  };
}

const headerText = (text: string) => text.replace(/[^\u0020-\u007e]/g, '?');

/** With what says who we are; a token that is refused is asked for anew, once. */
async function withAuth(look: Look, access: RestAccessBody, asked: HttpAsk, id: string, tokens: TokenStore): Promise<HttpTold> {
  const { auth } = access;
  const by = async (headers: Readonly<Record<string, string>>) =>
    await followed(look, access, { ...asked, headers: { ...asked.headers, ...headers } });
  if (auth.type === 'none') return await by({});
  if (auth.type === 'basic') return await by({ authorization: basic(auth.user, auth.password ?? '') });
  if (auth.type === 'bearer') return await by({ authorization: `Bearer ${auth.token ?? ''}` });
  const withToken = async () =>
    await by({ [auth.header.toLowerCase()]: auth.prefix + (await tokens.token(look, id, access, auth)) });
  const answer = await withToken();
  if (answer.status !== 401) return answer;
  tokens.forget(id);
  return await withToken();
}

/** To the same place only: elsewhere nobody was told our secrets by us. 307 and 308 repeat the request (RFC 9110 15.4). */
async function followed(look: Look, access: RestAccessBody, first: HttpAsk): Promise<HttpTold> {
  let asked = first;
  for (let redirects = 0; ; redirects++) {
    const answer = await ask(look, access, asked);
    const { status, location } = answer;
    if ((status !== 307 && status !== 308) || location === null || redirects === MAX_REDIRECTS) return answer;
    if (!URL.canParse(location, asked.url.href)) return answer;
    const to = new URL(location, asked.url);
    if (to.origin !== first.url.origin) return answer;
    asked = { ...asked, url: to };
  }
}

/** What is repeated to an operator has no secret of ours in it: some answer with what they were sent. */
function hidden(text: string, { secret, auth }: RestAccessBody, token: string | null): string {
  const own =
    auth.type === 'basic'
      ? [auth.password, basic(auth.user, auth.password ?? '').slice('Basic '.length)]
      : [auth.type === 'bearer' ? auth.token : token];
  return [secret, ...own].reduce<string>(
    (said, each) => (each === null || each === '' ? said : said.replaceAll(each, '***')),
    text,
  );
}
