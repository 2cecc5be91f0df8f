import { OPERATION_LEVELS, OPERATION_RULES, type OperationLevel, type OperationRule, STATES_OF } from '../operation-rules.js';
import { JOB_TRANSITIONS } from '../table.js';
import { JOB_OPERATIONS } from '../types.js';

const names = (list: readonly string[]) => list.map((name) => `\`${name}\``).join(', ');
const OF = { job: 'jobs, jobnets', session: 'sessions' } as const;

export function transitionTable(): string {
  const rows = JOB_TRANSITIONS.map(
    ({ on, from, to, of, why }) =>
      `| \`${on}\` | ${of === undefined ? 'both' : OF[of]} | ${names(from)} | ${names(to)} | ${why} |`,
  );
  return ['| by | of | from | to | why |', '|---|---|---|---|---|', ...rows].join('\n');
}

export function operationTable(): string {
  const rule = (operation: string, level: OperationLevel): OperationRule | undefined =>
    OPERATION_RULES.find((each) => each.operation === operation && each.level === level);
  const cell = (operation: string, level: OperationLevel) => {
    const states = rule(operation, level)?.states ?? [];
    const others = STATES_OF[level].filter((state) => !states.includes(state));
    if (states.length === 0) return '–';
    return states.length > 9 ? `all but ${names(others)}` : names(states);
  };
  const rows = JOB_OPERATIONS.map((operation) => {
    const first = OPERATION_LEVELS.map((level) => rule(operation, level)).find((each) => each !== undefined)!;
    const cells = OPERATION_LEVELS.map((level) => cell(operation, level));
    return `| \`${operation}\` | ${first.does} | ${cells.join(' | ')} | ${first.elsewhere} |`;
  });
  return [
    '| operation | what it does | session | jobnet | job | node | elsewhere, because |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
