import type { Restored } from '@yosugara/consensus';
import type { ControllerConfig, ControllerEffect, ControllerInput } from './types.js';

/** One line of a controller's trace: how a life began, or one step. `npm run sim -- --replay` feeds them through the cores again. */
export type TraceEntry =
  | {
      readonly start: {
        readonly config: ControllerConfig;
        readonly restored: Restored;
        readonly nowMs: number;
        readonly wallMs: number;
      };
    }
  | { readonly input: ControllerInput; readonly effects: readonly ControllerEffect[] };
