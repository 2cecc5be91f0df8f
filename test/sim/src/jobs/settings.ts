import { type CompiledUnit, compileUnit, type PatternPort, type PinnedUnit } from '@yosugara/operations';
import { type JobTriggerBody, type JobUnitBody, parseSetting, type SettingKind } from '@yosugara/protocol';
import { readSettings, SettingsJobRules, SettingsRules, SettingsSnapshot, SettingsTimes } from '@yosugara/runtime';
import type { Database } from './database.js';
import { CLOSED, LIMITS, NODES, OPEN, SCOPE } from './places.js';

/** Patterns here are simple ones, which every engine reads alike. */
const PATTERNS: PatternPort = {
  compile: (specs) => {
    const all = specs.map(({ pattern, mode }) => new RegExp(mode === 'whole' ? `^(?:${pattern})$` : pattern));
    const of = (at: number) => ({ test: (text: string) => all[at]!.test(text), groups: () => null });
    return { problems: [], at: of, match: (text) => [...all.keys()].filter((at) => all[at]!.test(text)) };
  },
};

/** What is configured, as both managers read it: the product's own snapshot and rules. */
export class Settings {
  readonly rules: SettingsJobRules;
  /** Of every revision, by `UNIT/REVISION`. */
  readonly units = new Map<string, CompiledUnit>();
  readonly triggers = new Map<string, JobTriggerBody>();
  readonly #snapshot = new SettingsSnapshot();
  readonly #database: Database;
  #version = 0;

  constructor(database: Database) {
    this.#database = database;
    const snapshot = this.#snapshot;
    snapshot.replaceBy(new SettingsSnapshot(), { version: 0, epoch: 1 });
    const rules = new SettingsRules({ snapshot, times: new SettingsTimes(snapshot), patterns: PATTERNS, probed: new Set() });
    this.rules = new SettingsJobRules({ snapshot, rules, patterns: PATTERNS, hasJoined: () => true });
    this.#putAll();
  }

  #putAll(): void {
    this.put('scope', SCOPE, { name: SCOPE });
    for (const [at, id] of NODES.entries()) {
      const job = { priority: 16 + at, multiplicity: LIMITS[id] ?? 0 };
      this.put('node', id, { name: id, addresses: [`10.0.0.${at + 1}`], scopes: [SCOPE], job });
    }
    for (const id of [OPEN, CLOSED])
      this.put('calendar', id, { timeZone: 'UTC', rows: id === OPEN ? [{ days: { kind: 'all' } }] : [] });
    for (const id of ['q1', 'q2', 'q3']) this.put('job-queue', id, { concurrency: LIMITS[id]! });
    this.put('notification', 'tell', { kind: 'event', priorities: { info: {}, warning: {}, critical: {}, unknown: {} } });
  }

  /** As somebody would write it. */
  put(kind: SettingKind, id: string, body: object, revision = 1, enabled = true): object {
    const parsed = parseSetting({ kind, id, body });
    if (!parsed.ok) throw new Error(`${kind} ${id}: ${JSON.stringify(parsed.mistakes)}`);
    const stored = { description: '', enabled, ownerRole: 'ops', body: parsed.setting.body };
    this.#version++;
    const stamp = { version: this.#version, epoch: 1 };
    this.#snapshot.apply(readSettings([{ kind, id, revision, ...stored }]), [], stamp);
    return parsed.setting.body as object;
  }

  putUnit(id: string, written: object, revision = 1): CompiledUnit {
    const body = this.put('job-unit', id, written, revision) as JobUnitBody;
    const pinned: PinnedUnit = { id, revision, ownerRole: 'ops', body };
    const unit = compileUnit(pinned);
    if (unit.mistakes.length > 0) throw new Error(`unit ${id}: ${unit.mistakes[0]}`);
    this.#database.units.set(`${id}/${revision}`, pinned);
    this.units.set(`${id}/${revision}`, unit);
    return unit;
  }

  putTrigger(id: string, written: object, atMs: number): void {
    this.#database.writtenAt.set(id, atMs);
    this.triggers.set(id, this.put('job-trigger', id, written) as JobTriggerBody);
  }

  /** From now on it begins nothing. */
  disable(id: string): void {
    this.put('job-trigger', id, this.triggers.get(id)!, 2, false);
  }

  unit({ unit, revision }: { readonly unit: string; readonly revision: number }): CompiledUnit {
    return this.units.get(`${unit}/${revision}`)!;
  }

  newest(unit: string): CompiledUnit {
    const { revision } = this.rules.unit(unit)!;
    return this.unit({ unit, revision });
  }
}
