import { performance } from 'node:perf_hooks';
import { addCells, Coverage } from './coverage.js';
import { shrink } from './shrink.js';
import { runSeed } from './world.js';
const TRACE_LINES = 40;
/** Every seed of one slice; what fails is shrunk at once. */
export function runBatch(seeds) {
    const begun = performance.now();
    const coverage = new Coverage();
    const failures = [];
    const sum = { events: 0, acknowledged: 0, sideEffects: 0, fences: 0, takeOvers: 0, calmAfterMs: 0 };
    for (const seed of seeds) {
        const outcome = runSafely(seed, coverage);
        if (typeof outcome === 'string') {
            failures.push({ seed, invariant: 'CRASH', step: 0, says: outcome, settings: '', faults: [], trace: [] });
            continue;
        }
        sum.events += outcome.events;
        sum.acknowledged += outcome.acknowledged;
        sum.sideEffects += outcome.sideEffects;
        sum.fences += outcome.fences;
        sum.takeOvers += outcome.takeOvers;
        sum.calmAfterMs = Math.max(sum.calmAfterMs, outcome.calmAfterMs ?? 0);
        if (outcome.violations.length > 0)
            failures.push(explained(seed, outcome));
    }
    const cells = new Map();
    addCells(cells, coverage.cells());
    return { seeds: seeds.length, from: seeds[0] ?? 0, failures, ...sum, cells: [...cells], ms: performance.now() - begun };
}
function explained(seed, outcome) {
    const { invariant, atMs, says } = outcome.violations[0];
    const minimal = shrink(seed, invariant, outcome.faults.length);
    const trace = [];
    const again = runSeed(seed, { only: minimal, trace: (line) => void trace.push(line) });
    const end = again.violations[0]?.atMs ?? Number.POSITIVE_INFINITY;
    return {
        seed,
        invariant,
        step: Math.round(atMs),
        says,
        settings: outcome.settings,
        faults: minimal.map((place) => `${outcome.faults[place].name}@${Math.round(outcome.faults[place].atMs)}`),
        trace: trace.filter((line) => Number.parseFloat(line) <= end + 1).slice(-TRACE_LINES),
    };
}
/** An invariant of the cores that throws is a finding, too: it would end the process. */
function runSafely(seed, coverage) {
    try {
        return runSeed(seed, { coverage });
    }
    catch (error) {
        return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
}
//# sourceMappingURL=batch.js.map