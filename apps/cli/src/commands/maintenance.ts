import type { Controllers } from '../control/client.js';
import { send } from './follow.js';

export interface Maintained {
  readonly node: string;
  readonly state: 'maintenance' | 'in service';
  readonly until: string | null;
  readonly message: string;
}

/** Takes a node out on purpose, so that nobody is alarmed and nothing is started there, for a time that ends by itself. */
export async function maintenance(
  controllers: Controllers,
  options: { readonly node: string; readonly minutes: number; readonly why: string },
): Promise<Maintained> {
  const { node, minutes } = options;
  const message = await send(controllers, { method: 'maintenance', ...options });
  if (minutes === 0) return { node, state: 'in service', until: null, message };
  return { node, state: 'maintenance', until: new Date(Date.now() + minutes * 60_000).toISOString(), message };
}
