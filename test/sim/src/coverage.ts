import type { Action, ClusterRecord, NodeRole } from '@yosugara/failover';
import type { ControllerInput, ControllerState } from '@yosugara/runtime';

const MAX = 64;

/** Numbers for a few words, given as they come: a cell is found without making a string. */
class Words {
  readonly words: string[] = [];
  of(word: string): number {
    const { words } = this;
    // They are few, and the compiler’s own: comparing them is quicker than a table.
    for (let at = 0; at < words.length; at += 1) if (words[at] === word) return at;
    return words.push(word) - 1;
  }
}

/**
 * Which cells of (role × input × phase), (fault × phase × size of the sync set) and (role × action × outcome) the schedules came
 * through: what a simulator never visits it has never checked.
 */
export class Coverage {
  readonly #roles = new Words();
  readonly #inputs = new Words();
  readonly #phases = new Words();
  readonly #cells = new Uint32Array(MAX * MAX * 4);
  readonly #named = new Map<string, number>();

  input(state: ControllerState, input: ControllerInput): void {
    const { role } = state.decision;
    if (input.kind === 'done') this.count(`done ${role} ${input.action.kind} ${input.result.ok ? 'ok' : 'failed'}`);
    const kind = input.kind === 'message' ? (input.message.k === 'raft' ? input.message.m.kind : input.message.k) : input.kind;
    const at = (this.#roles.of(role) * MAX + this.#inputs.of(kind)) * 4 + this.#phases.of(state.record.phase);
    this.#cells[at] = this.#cells[at]! + 1;
  }

  act(state: ControllerState, action: Action): void {
    this.count(`act ${state.decision.role} ${action.kind}`);
  }

  fault(name: string, record: ClusterRecord, shape: string): void {
    this.count(`fault ${name} ${record.phase} sync=${record.syncSet.length}`);
    this.count(`shape ${shape}`);
  }

  count(cell: string): void {
    this.#named.set(cell, (this.#named.get(cell) ?? 0) + 1);
  }

  /** All that was hit. */
  cells(): Map<string, number> {
    const found = new Map(this.#named);
    this.#roles.words.forEach((role, r) => {
      this.#inputs.words.forEach((input, i) => {
        this.#phases.words.forEach((phase, p) => {
          const hits = this.#cells[(r * MAX + i) * 4 + p]!;
          if (hits > 0) found.set(`input ${role} ${input} ${phase}`, hits);
        });
      });
    });
    return found;
  }
}

export type { NodeRole };

export function addCells(to: Map<string, number>, more: Iterable<readonly [string, number]>): void {
  for (const [cell, hits] of more) to.set(cell, (to.get(cell) ?? 0) + hits);
}

/** For people: a row a group, how many of its wanted cells were hit, and those that were not. */
export function coverageTable(hit: ReadonlyMap<string, number>, wanted: readonly string[]): { text: string; missing: string[] } {
  const groups = new Map<string, { hit: number; wanted: number; least: number }>();
  const missing: string[] = [];
  for (const cell of wanted) {
    const [kind = '', second = ''] = cell.split(' ');
    const name = kind === 'shape' || kind === 'fence' ? kind : `${kind} ${second}`;
    const group = groups.get(name) ?? { hit: 0, wanted: 0, least: Number.POSITIVE_INFINITY };
    const hits = hit.get(cell) ?? 0;
    groups.set(name, { hit: group.hit + (hits > 0 ? 1 : 0), wanted: group.wanted + 1, least: Math.min(group.least, hits) });
    if (hits === 0) missing.push(cell);
  }
  const extra = [...hit.keys()].filter((cell) => !wanted.includes(cell)).length;
  const width = Math.max(10, ...[...groups.keys()].map((name) => name.length));
  const lines = [`${'group'.padEnd(width)}   hit / wanted   rarest cell`];
  for (const [name, group] of [...groups].sort(([one], [two]) => one.localeCompare(two)))
    lines.push(
      `${name.padEnd(width)}  ${String(group.hit).padStart(4)} / ${String(group.wanted).padEnd(6)}  ${group.least} times`,
    );
  lines.push(
    '',
    `${wanted.length - missing.length} of ${wanted.length} wanted cells were hit, and ${extra} that nobody asked for`,
  );
  for (const cell of missing) lines.push(`never hit: ${cell}`);
  return { text: lines.join('\n'), missing };
}
