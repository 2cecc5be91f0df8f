import { type JobUnitBody, JobUnitBodySchema } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { readSettings, SettingsSnapshot } from '../settings/index.js';
import { compiledUnit, UnitsAhead } from './compiled-units.js';

const body = JobUnitBodySchema.parse({
  ...{ name: 'Unit', timeZone: 'UTC' },
  jobs: [{ type: 'command', id: 'a', facility: 'web1', command: 'true' }],
}) as JobUnitBody;
const pinned = { id: 'night', revision: 1, ownerRole: 'ops', body };

describe('a unit', () => {
  it('is worked out once for its setting, whoever asks', () => {
    expect(compiledUnit({ ...pinned })).toBe(compiledUnit(pinned));
  });
  it('is another one in another revision', () => {
    expect(compiledUnit({ ...pinned, revision: 2 })).toMatchObject({ id: 'night', revision: 2 });
  });
  it('is ready before a session of it begins, as soon as its setting is known', async () => {
    const snapshot = new SettingsSnapshot();
    const ahead = new UnitsAhead(snapshot, { monotonicMs: () => 0 });
    snapshot.apply(
      readSettings([{ kind: 'job-unit', id: 'day', revision: 3, description: '', enabled: true, ownerRole: 'ops', body }]),
      [],
      { version: 1, epoch: 1 },
    );
    const { body: read } = snapshot.get('job-unit', 'day')!;
    let asked = 0;
    const seen = new Proxy(read, {
      get: (of, name) => {
        if (name === 'jobs') asked++;
        return Reflect.get(of, name) as unknown;
      },
    });
    Object.assign(snapshot.get('job-unit', 'day')!, { body: seen });
    await ahead.look();
    const before = asked;
    expect(before).toBeGreaterThan(0);
    compiledUnit({ id: 'day', revision: 3, ownerRole: 'ops', body: seen });
    expect(asked).toBe(before);
  });
});
