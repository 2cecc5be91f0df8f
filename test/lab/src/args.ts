import { InvalidInputError } from '@yosugara/kernel';
import { plantNamed } from './cluster/plants.js';
import type { ClusterSettings } from './cluster/settings.js';
import { PATTERNS_AND_FEATURES, SCENARIOS } from './scenarios/index.js';
import type { Scenario } from './scenarios/types.js';
import { DEFAULT_RATE } from './senders/streams.js';

export interface LabArgs {
  readonly list: boolean;
  readonly json: boolean;
  readonly scenarios: readonly Scenario[];
  readonly runs: number;
  /** First run's number; earlier ones are not repeated. */
  readonly from: number;
  readonly resume: boolean;
  /** `soak`: random faults instead of scenarios, for `minutes`. */
  readonly soak: boolean;
  readonly minutes: number;
  readonly load: boolean;
  /** Messages a second of the real senders, all together. */
  readonly rate: number;
  /** How many a node misses (IN4). */
  readonly messages: number;
  /** Filled in before the first run; 0: as small as it is. */
  readonly dbBytes: number;
  readonly plants: readonly string[];
  /** Parts of a scenario, for a quick try (MO2: of what is looked at); none: all of it. */
  readonly only: readonly string[];
  /** What differs from the default cluster. */
  readonly settings: Partial<ClusterSettings>;
  /** File for the table as markdown. */
  readonly markdown: string | null;
}

export const USAGE =
  'npm run lab -- <scenario…>|soak|--list|--all|--patterns [--minutes N] [--runs N] [--json] [--markdown FILE] [--from K] [--resume] [--profile lan|fast|tolerant|vm|wan-arbiter] [--auto-rejoin never|clean|always] [--two-nodes] [--load] [--rate N] [--messages N] [--db-size 1GB] [--fencing] [--plant NAME] [--only PART,PART]';

export const DEFAULT_MESSAGES = 1_000_000;
const PROFILES = ['lan', 'fast', 'tolerant', 'vm', 'wan-arbiter'] as const;
const REJOIN = ['never', 'clean', 'always'] as const;

/** @throws InvalidInputError one clear line. */
export function parseArgs(args: readonly string[]): LabArgs {
  const names: string[] = [];
  const plants: string[] = [];
  const flags = {
    list: false,
    json: false,
    all: false,
    patterns: false,
    resume: false,
    'two-nodes': false,
    fencing: false,
    load: false,
  };
  const numbers = { runs: 1, from: 1, minutes: 1, rate: DEFAULT_RATE, messages: DEFAULT_MESSAGES };
  let settings: Partial<ClusterSettings> = {};
  let only: readonly string[] = [];
  let markdown: string | null = null;
  let dbBytes = 0;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    const flag = arg.slice(2);
    if (!arg.startsWith('--')) names.push(arg);
    else if (flag in flags) flags[flag as keyof typeof flags] = true;
    else if (flag in numbers) numbers[flag as keyof typeof numbers] = positive(arg, args[++at]);
    else if (flag === 'plant') plants.push(plantNamed(args[++at] ?? '').name);
    else if (flag === 'db-size') dbBytes = bytesOf(arg, args[++at]);
    else if (flag === 'only') only = (args[++at] ?? '').split(',').filter((part) => part !== '');
    else if (flag === 'markdown') markdown = args[++at] ?? 'lab.md';
    else if (flag === 'profile') settings = { ...settings, profile: oneOf(arg, args[++at], PROFILES) };
    else if (flag === 'auto-rejoin') settings = { ...settings, autoRejoin: oneOf(arg, args[++at], REJOIN) };
    else throw new InvalidInputError('option', arg, USAGE);
  }
  if (flags['two-nodes']) settings = { ...settings, twoNodes: true };
  if (flags.fencing) settings = { ...settings, fencing: true };
  const soak = names.includes('soak');
  if (soak && names.length > 1) throw new InvalidInputError('scenario', names.join(' '), 'soak alone');
  const scenarios = soak ? [] : flags.all ? SCENARIOS : flags.patterns ? PATTERNS_AND_FEATURES : names.map(scenarioNamed);
  if (scenarios.length === 0 && !flags.list && !soak) throw new InvalidInputError('scenario', '', USAGE);
  return {
    list: flags.list,
    json: flags.json,
    resume: flags.resume,
    load: flags.load,
    dbBytes,
    soak,
    scenarios,
    plants,
    only,
    settings,
    markdown,
    ...numbers,
  };
}

function bytesOf(option: string, text: string | undefined): number {
  const [, count, unit] = /^(\d+)(MB|GB)$/.exec(text ?? '') ?? [];
  if (count === undefined) throw new InvalidInputError(option, text ?? '', 'such as 200MB or 1GB');
  return Number(count) * (unit === 'GB' ? 1024 ** 3 : 1024 ** 2);
}

function oneOf<T extends string>(option: string, text: string | undefined, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found === undefined) throw new InvalidInputError(option, text ?? '', allowed.join(', '));
  return found;
}

function positive(option: string, text: string | undefined): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidInputError(option, text ?? '', 'a whole number from 1');
  return value;
}

/** A word for what has a number of its own. */
const ALIASES: Readonly<Record<string, string>> = {
  senders: 'IN1-real-senders',
  notifications: 'MO1-notifications',
  monitors: 'MO2-monitors',
};

/** The whole name, or its number. */
export function scenarioNamed(asked: string): Scenario {
  const name = ALIASES[asked] ?? asked;
  const found = SCENARIOS.find((scenario) => scenario.name === name || scenario.name.split('-')[0] === name);
  if (found === undefined) throw new InvalidInputError('scenario', name, SCENARIOS.map((scenario) => scenario.name).join(', '));
  return found;
}
