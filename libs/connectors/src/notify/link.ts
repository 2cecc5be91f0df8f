import type { LinkMessage, Told } from '@yosugara/operations';
import { RestAccessBodySchema } from '@yosugara/protocol';
import type { SenderSettings } from './port.js';
import { restSender } from './rest.js';

const PATH = '/api/v1/job-links';

/** What a job says to another cluster's managers, by their API. Said twice under one id it is there once. */
export async function sendLink(
  settings: SenderSettings,
  to: { readonly address: string; readonly access: string | null },
  message: LinkMessage,
  deadline: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<{ readonly ok: boolean; readonly why: string }> {
  const url = `${to.address.replace(/\/+$/, '')}${PATH}`;
  const access = to.access === null ? RestAccessBodySchema.parse({ url }) : settings.restAccess(to.access);
  if (access === null) return { ok: false, why: `There is no REST access ${to.access}.` };
  const { id, messageId, message: text, priority, values } = message;
  const body = JSON.stringify({ id, messageId, message: text, priority, values });
  // The body is as it is: nothing in it may be taken for a variable, the secret least of all.
  const restAccess = () => ({ ...access, ...({ url, body, secret: null, method: 'POST', preset: 'generic' } as const) });
  const payload = { kind: 'rest', access: to.access ?? to.address, values: {} } as const;
  const sent = await restSender({ ...settings, restAccess })(payload, { id } as Told, deadline);
  return sent.kind === 'accepted' ? { ok: true, why: '' } : { ok: false, why: `${sent.why}.` };
}
