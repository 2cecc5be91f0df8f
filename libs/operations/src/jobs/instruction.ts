import { type JobOf, runIdOf, type StartInstruction } from '@yosugara/protocol';
import { render, renderShell } from '../notifications/index.js';
import type { Draft } from './draft.js';
import { MINUTE_MS } from './times.js';
import { valuesIn } from './variables.js';

/** Of a run's id and of its command, as agents take them. */
const MAX_RUN_ID = 1_024;
const MAX_COMMAND = 65_536;

/** What an agent is told: with the values of now, as words of a shell. A sentence: why there can be none. */
export function instructionFor(
  draft: Draft,
  id: string,
  body: JobOf<'command'>,
  facility: string,
  attempt: number,
): StartInstruction | string {
  const values = valuesIn(draft, id, facility);
  const run = runIdOf({ session: draft.session.id, unit: draft.unit.id, job: id, facility, attempt });
  const command = renderShell(draft.session.testCommand ?? body.command, values);
  if (run.length > MAX_RUN_ID) return `the id of its run would have ${run.length} characters: shorten the ids of jobs`;
  if (command.length > MAX_COMMAND) return `its command would have ${command.length} characters with the values filled in`;
  const file = (output: { readonly path: string; readonly append: boolean } | null) =>
    output === null ? null : { path: render(output.path, values, 'line'), append: output.append };
  const environment = Object.fromEntries(
    Object.entries(body.environment).map(([name, value]) => [name, render(value, values)] as const),
  );
  return {
    ...{ say: 'start', epoch: draft.env.epoch, run, command, user: body.user, environment, script: body.script },
    stopCommand: body.stopCommand === null ? null : renderShell(body.stopCommand, values),
    timeoutMs: body.timeoutMinutes === null ? null : body.timeoutMinutes * MINUTE_MS,
    ...{ keepOutputBytes: body.keepOutputBytes, stdout: file(body.stdout), stderr: file(body.stderr), variables: body.variables },
  };
}
