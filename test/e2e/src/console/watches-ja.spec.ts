import { WATCHES } from '@yosugara/operations';
import { expect, it } from 'vitest';
import { WATCHES_JA } from '../../../../apps/console/src/i18n/watches-ja.js';

it('all that the manager watches of itself is told in Japanese, too', () => {
  expect(WATCHES.map(({ id }) => id).filter((id) => WATCHES_JA[id] === undefined)).toEqual([]);
});
