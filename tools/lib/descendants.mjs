// Who was started by whom, as proc(5) tells it: what made itself a session of its own has left its group, and still has its parent.
import { readdirSync, readFileSync } from 'node:fs';

/** @returns pid → { parent, started }, of all that live. `started` tells a process from a later one of the same number. */
function processes() {
  const all = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statOf(name);
    if (stat !== null) all.set(Number(name), stat);
  }
  return all;
}

function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name stands in brackets and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : { parent: Number(fields[1]), started: fields[19] };
  } catch {
    return null;
  }
}

/**
 * Everything that descends from some processes, remembered: whoever outlives its parents is still among them.
 *
 * `look` before the first is told to end; `left` are those that live, with what they started since.
 */
export class Descendants {
  #known = new Map();

  look(roots) {
    const all = processes();
    const children = new Map();
    for (const [pid, { parent }] of all) children.set(parent, [...(children.get(parent) ?? []), pid]);
    const found = [...roots].filter((pid) => all.has(pid));
    for (const pid of found) {
      this.#known.set(pid, all.get(pid).started);
      found.push(...(children.get(pid) ?? []));
    }
  }

  left() {
    const lives = () => [...this.#known].filter(([pid, started]) => statOf(pid)?.started === started).map(([pid]) => pid);
    this.look(lives());
    return lives();
  }

  signal(name) {
    const pids = this.left();
    for (const pid of pids) {
      try {
        process.kill(pid, name);
      } catch {
        // ESRCH: it has ended meanwhile, which is what we want.
      }
    }
    return pids.length;
  }
}
