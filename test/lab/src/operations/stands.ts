import { InvalidInputError } from '@yosugara/kernel';
import type { StandKind } from './stand.js';
import { ASKED } from './stands-asked.js';
import { DATABASES } from './stands-databases.js';
import { SERVICES } from './stands-services.js';
import { TOLD } from './stands-told.js';
import { JOLOKIA, NGINX } from './stands-web.js';

/** All that Debian has for the types of monitors, in the order of the page. */
export const STANDS: readonly StandKind[] = [NGINX, ...SERVICES, ...DATABASES, JOLOKIA, ...ASKED, ...TOLD];

/** @param only their names; none: all of them. @throws InvalidInputError */
export function standsOf(only: readonly string[]): readonly StandKind[] {
  const names = STANDS.map(({ name }) => name);
  const strange = only.find((name) => !names.includes(name));
  if (strange !== undefined) throw new InvalidInputError('--only', strange, names.join(', '));
  return only.length === 0 ? STANDS : STANDS.filter(({ name }) => only.includes(name));
}
