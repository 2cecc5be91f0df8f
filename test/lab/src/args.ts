import { InvalidInputError } from '@yosugara/kernel';
import { plantNamed } from './cluster/plants.js';
import { SCENARIOS, type Scenario } from './scenarios.js';

export interface LabArgs {
  readonly list: boolean;
  readonly json: boolean;
  readonly scenarios: readonly Scenario[];
  readonly runs: number;
  /** First run's number; earlier ones are not repeated. */
  readonly from: number;
  readonly resume: boolean;
  readonly plants: readonly string[];
}

export const USAGE = 'npm run lab -- <scenario…>|--list|--all [--runs N] [--json] [--from K] [--resume] [--plant NAME]';

/** @throws InvalidInputError one clear line. */
export function parseArgs(args: readonly string[]): LabArgs {
  const names: string[] = [];
  const plants: string[] = [];
  const flags = { list: false, json: false, all: false, resume: false };
  const numbers = { runs: 1, from: 1 };
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    const flag = arg.slice(2);
    if (!arg.startsWith('--')) names.push(arg);
    else if (flag in flags) flags[flag as keyof typeof flags] = true;
    else if (flag in numbers) numbers[flag as keyof typeof numbers] = positive(arg, args[++at]);
    else if (flag === 'plant') plants.push(plantNamed(args[++at] ?? '').name);
    else throw new InvalidInputError('option', arg, USAGE);
  }
  const scenarios = flags.all ? SCENARIOS : names.map(scenarioNamed);
  if (scenarios.length === 0 && !flags.list) throw new InvalidInputError('scenario', '', USAGE);
  return { list: flags.list, json: flags.json, resume: flags.resume, scenarios, plants, ...numbers };
}

function positive(option: string, text: string | undefined): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidInputError(option, text ?? '', 'a whole number from 1');
  return value;
}

/** The whole name, or its number. */
export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name || scenario.name.split('-')[0] === name);
  if (found === undefined) throw new InvalidInputError('scenario', name, SCENARIOS.map((scenario) => scenario.name).join(', '));
  return found;
}
