import { seeMonitors } from '../operations/monitors-seen.js';
import { Telling } from '../operations/telling.js';
import { powerOff, powerOn, required } from './means.js';
import { type Scenario, type Stage, scenario } from './types.js';

/** Of the run that is under way. */
const telling = new WeakMap<Stage, Telling>();

/** Monitors and notifications (issue 5). */
export const OPERATIONS: readonly Scenario[] = [
  scenario({
    name: 'MO1-notifications',
    pattern: 'Master power off while lines and looks are told by mail, syslog and REST',
    why: 'each result is told: none is lost, and what came twice was in flight and has the same id',
    on: 'master',
    expect: 'other-serves',
    limits: { failoverMs: 6_000, recoverMs: 10_000 },
    cutsPower: true,
    fault: async (stage) => {
      const begun = await Telling.start(stage);
      telling.set(stage, begun);
      await begun.through(() => powerOff(stage));
    },
    repair: powerOn,
    atEnd: async (stage) => await required(telling.get(stage), 'nothing was told').demandTold(stage, 1),
  }),
  scenario({
    name: 'MO2-monitors',
    pattern: 'each type of monitor looks at a real daemon that ends and begins again',
    why: 'an event when it ends, with a sentence that says what is wrong, and one when it is back; the cluster is not touched',
    on: 'standby',
    expect: 'untouched',
    comeback: 'by-itself',
    // Nobody's lease is looked at here, and the daemons of thirty monitors begin at once on the hosts' two cores.
    needs: { profile: 'tolerant' },
    fault: seeMonitors,
  }),
];
