import { CONTROLLER, FAILOVER, type Mutant } from './mutant-types.js';

const HOOKS = ['hookVetoes', 'hookTurns'];
const LIMIT = ['takeOversInARow', 'limitReset'];
const MANAGER = ['managerHangs', 'controllerHeldUp'];

/** The hook before a promotion, the limit of take-overs. */
export const IN_EXTRAS: readonly Mutant[] = [
  {
    name: 'hook-of-another-epoch',
    why: 'what the hook said of an earlier promotion of this controller’s life lets this one pass',
    within: 50,
    of: { faults: HOOKS },
    patches: [
      {
        file: `${CONTROLLER}/observe.ts`,
        find: "hookBefore: state.hooks.epoch === state.record.epoch ? state.hooks.before : 'none',",
        replace: 'hookBefore: state.hooks.before,',
      },
    ],
  },
  {
    name: 'veto-for-ever',
    why: 'a hook that has refused once is not asked again in its epoch',
    within: 50,
    of: { faults: HOOKS },
    patches: [
      { file: `${FAILOVER}/promoting.ts`, find: "if (coolingDown(o, 'hook.run'))", replace: "if (o.hookBefore === 'vetoed')" },
    ],
  },
  {
    name: 'limit-not-asked',
    why: 'the limit of automatic take-overs keeps nobody from claiming',
    within: 50,
    of: { faults: LIMIT },
    patches: [
      {
        file: `${FAILOVER}/governance.ts`,
        find: 'return o.forced === null && takesOver(o) ? heldBack(o) : null;',
        replace: 'return o.forced === null && takesOver(o) && o.record.pause !== null ? heldBack(o) : null;',
      },
    ],
  },
  {
    name: 'limit-without-end',
    why: 'take-overs of long ago still count',
    within: 50,
    of: { faults: ['limitLapses'] },
    patches: [
      {
        file: `${FAILOVER}/governance.ts`,
        find: 'entry.automatic === true && o.wallMs - entry.atWallMs < withinMs);',
        replace: 'entry.automatic === true && o.wallMs - entry.atWallMs < withinMs * 10);',
      },
    ],
  },
  {
    name: 'silence-of-a-sleeper',
    why: 'while the controller itself stood still nobody was heard, and it has the manager killed for that',
    within: 50,
    of: { faults: MANAGER },
    patches: [
      {
        file: `${CONTROLLER}/manager-watch.ts`,
        find: 'if (gapMs <= HELD_UP_MS) return;',
        replace: 'if (gapMs <= HELD_UP_MS * 1_000) return;',
      },
    ],
  },
  {
    name: 'manager-restarted-for-ever',
    why: 'a Master whose manager hangs after each restart keeps its part',
    within: 50,
    of: { faults: ['managerIncurable'] },
    patches: [
      {
        file: `${FAILOVER}/manager.ts`,
        find: 'if (cause === null || heir === null || heldBack(o) !== null) return null;',
        replace: 'if (cause === null || heir === null || !o.leaving) return null;',
      },
    ],
  },
  {
    name: 'silence-is-a-start',
    why: 'a manager that hangs is given the patience of one that starts',
    within: 50,
    of: { faults: MANAGER },
    patches: [
      {
        file: `${FAILOVER}/manager.ts`,
        find: 'return silentMs >= (starting ? MANAGER_START_MS : o.settings.timings.managerSilentMs) ? silentMs : null;',
        replace: 'return silentMs >= (starting ? MANAGER_START_MS : MANAGER_START_MS) ? silentMs : null;',
      },
    ],
  },
  {
    name: 'promoted-though-heard',
    why: 'T9: the copy of another site is promoted while the first site is heard there',
    within: 50,
    of: { faults: ['copyElsewhere'] },
    patches: [
      {
        file: `${CONTROLLER}/away.ts`,
        find: 'state.nowMs - atMs < state.config.settings.timings.leaseVoteMs,',
        replace: 'state.nowMs - atMs < 0,',
      },
    ],
  },
  {
    name: 'superseded-unheeded',
    why: 'T9: the first site goes on by itself though it hears that a newer generation lives',
    within: 50,
    of: { faults: ['siteLost'] },
    patches: [
      {
        file: `${FAILOVER}/view.ts`,
        find: '=> o.superseded ?? null;',
        replace: '=> (o.nowMs < 0 ? (o.superseded ?? null) : null);',
      },
    ],
  },
  {
    name: 'never-home',
    why: 'T9: the Master is home again, and the member of the other site is counted on for ever',
    within: 50,
    of: { faults: ['siteLost'] },
    patches: [
      { file: `${FAILOVER}/away.ts`, find: "return [propose({ kind: 'home', epoch: at, node })];", replace: 'return [];' },
    ],
  },
];
