import type { Controllers } from '../control/client.js';
import { send } from './follow.js';

export interface Governed {
  readonly state: 'paused' | 'running';
  /** RFC 3339; null when nothing is paused. */
  readonly until: string | null;
  readonly message: string;
}

/** No automatic take-over until then; a Master that loses its lease still stops. It ends by itself, so that nobody forgets it. */
export async function pause(
  controllers: Controllers,
  options: { readonly minutes: number; readonly why: string },
): Promise<Governed> {
  const message = await send(controllers, { method: 'pause', ...options });
  return { state: 'paused', until: new Date(Date.now() + options.minutes * 60_000).toISOString(), message };
}

export async function resume(controllers: Controllers): Promise<Governed> {
  const message = await send(controllers, { method: 'pause', minutes: 0, why: '' });
  return { state: 'running', until: null, message };
}
