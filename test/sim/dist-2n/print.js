import { performance } from 'node:perf_hooks';
const LINE_EVERY_MS = 5_000;
let lastMs = Number.NEGATIVE_INFINITY;
/** A line now and then on stderr, over itself on a terminal. */
export function progress(text, last = false) {
    const now = performance.now();
    const tty = process.stderr.isTTY;
    if (!last && now - lastMs < (tty ? 200 : LINE_EVERY_MS))
        return;
    lastMs = now;
    process.stderr.write(tty ? `\r\u001b[K${text()}${last ? '\n' : ''}` : `${text()}\n`);
}
/** For people. */
export function table(result) {
    const lines = [];
    for (const failure of result.violations) {
        lines.push(...failure.trace.map((line) => `  ${line.slice(0, 220)}`), `seed ${failure.seed}: ${failure.invariant} at ${failure.step} ms: ${failure.says}`, `  ${failure.settings}; fewest faults: ${failure.faults.join(', ') || 'none'}`, `  replay: npm run sim -- --seed ${failure.seed}`, '');
    }
    if (result.seeds > 0)
        lines.push(`schedules            ${result.seeds} (120 virtual s each)`, `violations           ${result.violations.length}`, `schedules per second ${result.schedulesPerSecond}`, `changes of owner     ${result.takeOvers}`, `acknowledged commits ${result.acknowledged}`, `side effects         ${result.sideEffects}`, `fences               ${result.fences}`, `calm again after     ${Math.round(result.calmAfterMs)} ms at worst`, `cells hit            ${result.cells}`);
    if (result.mutants.length > 0)
        lines.push('', ...mutantTable(result.mutants));
    return lines.join('\n');
}
function mutantTable(mutants) {
    const width = Math.max(...mutants.map((mutant) => mutant.name.length));
    const found = mutants.filter(({ foundAfterSeeds, limit }) => foundAfterSeeds !== null && foundAfterSeeds <= limit).length;
    const rows = mutants.map(({ name, why, foundAfterSeeds, limit, invariant }) => {
        const late = foundAfterSeeds !== null && foundAfterSeeds > limit ? ' LATE' : '';
        return `${name.padEnd(width)}  ${String(foundAfterSeeds ?? '-').padStart(5)}  ${String(limit).padStart(5)}  ${(invariant ?? 'NOT FOUND').padEnd(9)}${late}  ${why}`;
    });
    return [
        `${'planted bug'.padEnd(width)}  seeds  limit  broken     why`,
        ...rows,
        '',
        `${found} of ${mutants.length} planted bugs found within their limits`,
    ];
}
//# sourceMappingURL=print.js.map