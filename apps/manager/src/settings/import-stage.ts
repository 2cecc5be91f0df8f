import type { Clock } from '@yosugara/kernel';
import { MAX_IMPORT, type SettingInput, type SettingKey } from '@yosugara/protocol';
import { ApiRefusal } from '../http/errors.js';
import { mistaken, nameOf } from './refusals.js';

/** Whoever sends no part for so long has gone. */
const PATIENCE_MS = 60_000;

interface Stage {
  readonly id: string;
  readonly by: string;
  readonly parts: Map<number, readonly SettingInput[]>;
  touchedMs: number;
}

/** A large import comes in parts, and is done at once. One at a time, in memory: after a change of Master it is begun again. */
export class ImportStage {
  readonly #clock: Clock;
  #stage: Stage | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The same part again takes the place of the first. @returns how many settings there are by now. */
  add(id: string, part: number, by: string, settings: readonly SettingInput[]): number {
    const nowMs = this.#clock.monotonicMs();
    const busy =
      this.#stage !== null && this.#stage.id !== id && nowMs - this.#stage.touchedMs < PATIENCE_MS ? this.#stage : null;
    if (busy !== null)
      throw new ApiRefusal(
        409,
        'IMPORT_UNDER_WAY',
        `${busy.by} is importing settings: try again when that is done, or in a minute`,
      );
    const stage = this.#stage?.id === id ? this.#stage : { id, by, parts: new Map(), touchedMs: nowMs };
    const others = [...stage.parts].reduce((sum, [number, each]) => sum + (number === part ? 0 : each.length), 0);
    if (others + settings.length > MAX_IMPORT) {
      this.#stage = null;
      throw new ApiRefusal(413, 'IMPORT_TOO_LARGE', `an import has at most ${MAX_IMPORT} settings`);
    }
    stage.parts.set(part, settings);
    stage.touchedMs = nowMs;
    this.#stage = stage;
    return others + settings.length;
  }

  /** All of its parts, which are forgotten here. @throws ApiRefusal — there is no such import. */
  take(id: string): readonly SettingInput[] {
    const stage = this.#stage;
    if (stage === null || stage.id !== id)
      throw new ApiRefusal(409, 'IMPORT_GONE', 'the parts of this import are no longer here: begin it again');
    this.#stage = null;
    const numbers = [...stage.parts.keys()].sort((a, b) => a - b);
    return numbers.flatMap((number) => stage.parts.get(number) ?? []);
  }
}

/** @throws ApiRefusal — a setting is there twice, or an id is that of a node and of a scope. */
export function demandOnce(settings: readonly SettingInput[], spaceKeyOf: (key: SettingKey) => string): void {
  const seen = new Map<string, number>();
  for (const [at, setting] of settings.entries()) {
    const key = spaceKeyOf(setting);
    const before = seen.get(key);
    if (before !== undefined)
      throw mistaken([
        {
          place: `documents.${at}.id`,
          found: `${nameOf(setting)}, as in document ${before}`,
          allowed: 'each id once; nodes and scopes share theirs',
        },
      ]);
    seen.set(key, at);
  }
}
