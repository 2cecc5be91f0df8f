import { EXIT } from '../exit-codes.js';

export type Exit = readonly [code: string, meaning: string];

/** What every code means, whichever verb ends with it. */
const ALL: readonly Exit[] = [
  [`${EXIT.ok}`, 'done'],
  [`${EXIT.failure}`, 'it did not work: nobody answered, a deadline passed, or there is no such thing'],
  [`${EXIT.usage}`, 'the command line, a file that it names, or the configuration is wrong'],
  [`${EXIT.refused}`, 'understood and refused, or it is not known who asks; the line says why'],
];

/** Where a code says more, or another one is possible. By the words of the verb. */
const OWN: Readonly<Record<string, readonly Exit[]>> = {
  status: [
    ['0', 'healthy: the cluster would survive the loss of its Master'],
    ['3', 'there is no Master, or a node is out'],
  ],
  self: [
    ['0', 'all is well'],
    ['3', 'something is a warning or worse, or a manager does not answer'],
  ],
  capacity: [
    ['0', 'nothing is full in the near future'],
    ['3', 'something is full soon: within the limits of the watch `capacity`'],
  ],
  'dr status': [['3', 'the copy does not follow']],
  'dr drill': [['3', 'the fork was promoted, and the copy itself does not follow']],
  recover: [['11–20', 'it ended in that phase; 11: refused beforehand']],
  'fence status': [['3', 'a device is not usable, or a node has none']],
  'fence check': [['3', 'a device is not usable, or a node has none']],
  'certificates list': [['3', 'a certificate has ended or cannot be renewed, or a member does not answer']],
  'journal verify': [['1', 'something is damaged']],
  'mib import': [['1', 'something in the modules is wrong']],
  'jobs show': [['1', 'with --watch: it did not end normally']],
  'jobs run': [['1', 'with --wait: it did not end normally']],
  ...Object.fromEntries(
    ['confirm', 'unconfirm', 'comment', 'own'].map((verb) => [`events ${verb}`, [['1', 'one of them is not there']] as const]),
  ),
  thaw: [['4', 'writes were not held any more: the snapshot is not of one moment']],
  'backup verify': [['1', 'something is damaged']],
  check: [['1', 'a check failed that was not accepted']],
};

const order = ([code]: Exit) => Number.parseInt(code, 10);

/** With what a verb can end, and what it means. @param path its words, without `yosugara` */
export function exitsOf(path: string): readonly Exit[] {
  const own = OWN[path] ?? [];
  const replaced = new Map<string, Exit>([...ALL, ...own].map((exit) => [exit[0], exit]));
  return [...replaced.values()].sort((one, other) => order(one) - order(other));
}
