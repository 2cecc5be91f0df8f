import type { SampleValue } from '@yosugara/operations';
import type { HttpSession } from './http/ask.js';
import { fetchPage } from './http/exchange.js';
import { failure, type Look, ProbeFailure, quoted } from './look.js';

export interface JolokiaAsk {
  /** Of the agent: `http://10.0.0.5:8778/jolokia`. */
  readonly url: string;
  readonly mbean: string;
  readonly attribute: string;
  /** Of an attribute that has parts, which; with slashes for parts of parts; '' = all of it is one number. */
  readonly path: string;
}

/** One attribute by Jolokia's protocol, request type `read` (Jolokia reference manual, chapter "Protocol"). @throws ProbeFailure */
export async function askJolokia(
  look: Look,
  { url, mbean, attribute, path }: JolokiaAsk,
  session: HttpSession,
): Promise<SampleValue> {
  const body = JSON.stringify({ type: 'read', mbean, attribute, ...(path === '' ? {} : { path }) });
  const answer = await fetchPage(look, { url, method: 'POST', body }, session);
  if (answer.status === 401 || answer.status === 403) return failure(`Jolokia refuses the login: status ${answer.status}`);
  if (answer.status !== 200) return failure(`Jolokia answers with status ${answer.status}`);
  const said = parsed(answer.body);
  // Its own status is in the answer; that of HTTP is 200 all the same.
  if (said['status'] !== 200) {
    const error = typeof said['error'] === 'string' ? said['error'] : '';
    return failure(`Jolokia answers ${Number(said['status']) || 'no status'} for ${mbean} ${attribute}: ${quoted(error, 200)}`);
  }
  return numeric(said['value'], [mbean, attribute, path].filter((part) => part !== '').join(' '));
}

function parsed(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const said: unknown = JSON.parse(body.toString('utf8'));
    if (said !== null && typeof said === 'object' && !Array.isArray(said)) return said as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new ProbeFailure(`what answers there is not Jolokia: it said ${quoted(body.toString('utf8', 0, 400))}`);
}

function numeric(value: unknown, what: string): SampleValue {
  if (typeof value === 'number' && Number.isFinite(value)) return { kind: 'number', number: value };
  if (typeof value === 'boolean') return { kind: 'number', number: value ? 1 : 0 };
  // Numbers that JavaScript could not hold come as text when Jolokia is told so.
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
    return { kind: 'number', number: Number(value) };
  // So it answers, too, where an attribute has no part of that name.
  if (value === null || value === undefined) return failure(`${what} has no value: is that its name?`);
  if (typeof value === 'object')
    return failure(`${what} has parts: one of ${Object.keys(value).slice(0, 20).join(', ')} is to be named`);
  return failure(`${what} is no number: ${quoted(JSON.stringify(value))}`);
}
