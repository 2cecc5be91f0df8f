import type { JobOf } from '@yosugara/protocol';
import { render } from '../notifications/index.js';
import type { Draft } from './draft.js';
import { finish } from './ending.js';
import { setSessionVariables } from './news.js';
import { patchNode } from './nodes.js';
import { endBy } from './numbers.js';
import { newNode } from './states.js';
import type { LinkMessage, SessionInput } from './step-types.js';
import { MINUTE_MS } from './times.js';
import { valuesIn } from './variables.js';

type InputOf<Kind extends SessionInput['kind']> = Extract<SessionInput, { kind: Kind }>;

export function approvalAsks(draft: Draft, id: string, body: JobOf<'approval'>): void {
  const who = body.user === null || body.user === '' ? `Role ${body.role}` : `${body.user} (role ${body.role})`;
  const sentence = render(body.sentence, valuesIn(draft, id, null));
  // Whoever looks at it reads what they are asked.
  draft.patch(id, { why: sentence });
  const about = `Job ${id} of session ${draft.session.id} of ${draft.unit.id}`;
  draft.tell(id, 'approval', 'info', `${about} waits for ${who} to approve: ${sentence}`, { to: body.notifications });
}

/** @returns why not. */
export function answerApproval(draft: Draft, id: string, operation: 'approve' | 'deny', who: string): string | null {
  const { body } = draft.job(id);
  if (body.type !== 'approval') return `Job ${id} asks nobody for approval.`;
  if (body.user !== null && body.user !== '' && body.user !== who) return `Only ${body.user} may answer.`;
  const as = operation === 'approve' ? body.approved : body.denied;
  finish(draft, id, as, `${operation === 'approve' ? 'approved' : 'denied'} by ${who}`, operation);
  return null;
}

/** Once a minute until the other side has it; each time the same message with the same id. Its sendings are runs on a node without a name. */
export function startLinkSend(draft: Draft, id: string, body: JobOf<'link-send'>): void {
  const attempt = draft.run(id).runs + 1;
  draft.patch(id, { runs: attempt, nodes: [{ ...newNode(NOWHERE, attempt), state: 'running', startedAtMs: draft.env.nowMs }] });
  sendLink(draft, id, body);
}

const NOWHERE = '';

export function sendLink(draft: Draft, id: string, body: JobOf<'link-send'>): void {
  draft.patch(id, { notBeforeMs: draft.env.nowMs + MINUTE_MS });
  const values = valuesIn(draft, id, null);
  const fill = (text: string) => render(text, values);
  const { round, runs, startedAtMs } = draft.run(id);
  const message: LinkMessage = {
    ...{
      id: `${draft.session.id}/${draft.unit.id}/${id}/${round}`,
      messageId: fill(body.messageId),
      message: fill(body.message),
    },
    ...{ priority: body.priority, atMs: startedAtMs ?? draft.env.nowMs },
    values: Object.fromEntries(Object.entries(body.values).map(([name, value]) => [name, fill(value)])),
  };
  draft.effects.push({ kind: 'link-send', job: id, attempt: runs, address: body.address, access: body.access, message });
}

export function linkSent(draft: Draft, { job, attempt, ok, why }: InputOf<'link-sent'>): void {
  const run = draft.jobs.get(job);
  const body = run === undefined ? undefined : draft.job(job).body;
  const node = run?.nodes[0];
  // A sending before the newest one that arrived after all is as good: it was the same message.
  if (run?.state !== 'running' || body?.type !== 'link-send' || node === undefined || attempt > node.attempt) return;
  if (attempt < node.attempt - node.retries) return;
  if (ok) return finish(draft, job, endBy(body.endStatus, 0), why);
  if (attempt !== node.attempt) return;
  if (node.message !== why) patchNode(draft, job, NOWHERE, { message: why });
  // Those before had their answers long ago.
  if (node.retries + 1 >= body.attempts) notSent(draft, job, body);
}

function notSent(draft: Draft, id: string, body: JobOf<'link-send'>): void {
  const { message } = draft.run(id).nodes[0]!;
  finish(draft, id, body.otherwise, `it could not be sent ${body.attempts} times: ${message}`);
}

/** The minute is over without a yes. */
export function sendLinkAgain(draft: Draft, id: string, body: JobOf<'link-send'>): void {
  const { retries } = draft.run(id).nodes[0]!;
  if (retries + 1 >= body.attempts) return notSent(draft, id, body);
  const attempt = draft.run(id).runs + 1;
  draft.patch(id, { runs: attempt });
  patchNode(draft, id, NOWHERE, { attempt, retries: retries + 1 });
  sendLink(draft, id, body);
}

export function beginLinkReceive(draft: Draft, id: string, body: JobOf<'link-receive'>): void {
  const sinceMs = draft.env.nowMs - body.pastMinutes * MINUTE_MS;
  if (body.pastMinutes === 0) return;
  for (const message of draft.env.links(messageIdOf(draft, id, body), sinceMs)) if (received(draft, id, body, message)) return;
}

const messageIdOf = (draft: Draft, id: string, body: JobOf<'link-receive'>) => render(body.messageId, valuesIn(draft, id, null));

export function linked(draft: Draft, message: LinkMessage): void {
  for (const [id, run] of draft.jobs) {
    const { body } = draft.job(id);
    if (body.type === 'link-receive' && run.state === 'running') received(draft, id, body, message);
  }
}

function received(draft: Draft, id: string, body: JobOf<'link-receive'>, message: LinkMessage): boolean {
  if (message.messageId !== messageIdOf(draft, id, body) || !body.priorities.includes(message.priority)) return false;
  if (body.pattern !== null && !draft.env.matches(body.pattern, message.message)) return false;
  const values = valuesIn(draft, id, null);
  if (!Object.entries(body.values).every(([name, wanted]) => message.values[name] === render(wanted, values))) return false;
  setSessionVariables(draft, {
    ...{ LINK_MESSAGE_ID: message.messageId, LINK_MESSAGE: message.message, LINK_PRIORITY: message.priority },
    ...Object.fromEntries(Object.entries(message.values).map(([name, value]) => [`LINK_${name}`, value])),
  });
  finish(draft, id, endBy(body.endStatus, 0), `message ${message.messageId}: ${message.message}`);
  return true;
}
