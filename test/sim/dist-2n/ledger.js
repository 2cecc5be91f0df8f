import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** What a count is about: another file here, and it begins anew. Documents, specs and other programs do not matter. */
const COUNTED = ['libs/consensus/src', 'libs/failover/src', 'libs/runtime/src/controller', 'test/sim/src'];
export const DEFAULT_LEDGER = join(ROOT, 'test/sim/ledger.jsonl');
function filesOf(folder) {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
        .filter((file) => file.isFile() && file.name.endsWith('.ts') && !file.name.endsWith('.spec.ts') && file.name !== 'testing.ts')
        .map((file) => join(file.parentPath, file.name))
        .sort();
}
/** A hash over every production file that a schedule runs through, and over the simulator. */
export function sourcesKey(root = ROOT) {
    const hash = createHash('sha256');
    for (const folder of COUNTED)
        for (const file of filesOf(join(root, folder)))
            hash.update(file.slice(root.length)).update('\0').update(readFileSync(file));
    return hash.digest('hex').slice(0, 16);
}
export function commitNow() {
    try {
        return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
    }
    catch {
        return 'unknown';
    }
}
export function readLedger(file) {
    if (!existsSync(file))
        return [];
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    // A line that a kill cut short counts for nothing.
    return lines.flatMap((line) => {
        try {
            return [JSON.parse(line)];
        }
        catch {
            return [];
        }
    });
}
export function note(file, stretch) {
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, `${JSON.stringify(stretch)}\n`);
}
/** Where to go on: behind the highest seed that was run for these sources. */
export function nextSeed(stretches, key) {
    return Math.max(1, ...stretches.filter((stretch) => stretch.key === key).map(({ to }) => to));
}
export function totalOf(stretches, key) {
    const mine = stretches.filter((stretch) => stretch.key === key).sort((one, two) => one.from - two.from);
    let schedules = 0;
    let reached = 0;
    for (const { from, to } of mine) {
        schedules += Math.max(0, to - Math.max(from, reached));
        reached = Math.max(reached, to);
    }
    return {
        key,
        commits: [...new Set(mine.map(({ commit }) => commit))],
        schedules,
        violations: mine.reduce((sum, { violations }) => sum + violations, 0),
        seconds: Math.round(mine.reduce((sum, { seconds }) => sum + seconds, 0)),
    };
}
//# sourceMappingURL=ledger.js.map