// What the tools say, and how they fail: one clear line, exit code 1.

/** Thrown for everything the person at the keyboard can act on; printed as one line, without a stack. */
export class Refusal extends Error {
  name = 'Refusal';
}

export function refuse(line) {
  throw new Refusal(line);
}

/** Progress goes to stderr, so that `--json` on stdout stays one document. */
export function say(line) {
  process.stderr.write(`yosugara: ${line}\n`);
}

export function seconds(fromMs) {
  return `${((performance.now() - fromMs) / 1000).toFixed(1)} s`;
}
