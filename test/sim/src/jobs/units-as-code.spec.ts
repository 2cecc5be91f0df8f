import { compileUnit } from '@yosugara/operations';
import { type JobUnitBody, parseSetting, yamlParts } from '@yosugara/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { Rng } from '../rng.js';
import { randomUnit } from './units.js';

function bodyOf(document: unknown): JobUnitBody {
  const parsed = parseSetting(document);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
  return parsed.setting.body as JobUnitBody;
}
const compiled = (body: JobUnitBody) => compileUnit({ id: 'u', revision: 1, ownerRole: 'ops', body });

it('a unit that is exported as YAML and applied again is the same unit, job by job', () => {
  fc.assert(
    fc.property(fc.nat(), fc.string({ maxLength: 200 }), fc.constantFrom(...TEXTS), (seed, name, command) => {
      const written = randomUnit(new Rng(seed), 'u', ['other']) as { jobs: { command?: string; description?: string }[] };
      for (const job of written.jobs) {
        job.description = name;
        if (job.command !== undefined) job.command = command;
      }
      const body = bodyOf({ kind: 'job-unit', id: 'u', body: written });
      const text = `---\n${stringify({ kind: 'job-unit', id: 'u', body }).trimEnd()}\n---\n`;
      const documents = [...yamlParts(text)].map(({ part }) => parse(part)).filter((each) => each !== null);
      expect(documents).toHaveLength(1);
      const again = bodyOf(documents[0]);
      expect(again).toEqual(body);
      expect(compiled(again)).toEqual(compiled(body));
    }),
    { numRuns: 200 },
  );
}, 60_000);

/** What YAML could take for something else. */
const TEXTS = [
  'yes',
  '0755',
  '1e3',
  '- a',
  '---\nrm -rf x',
  'a: b # c',
  "it's",
  'a\n\n  b\n',
  '\ttab',
  '#[NAME] && echo "x"',
  '~',
  '2026-11-22',
];
