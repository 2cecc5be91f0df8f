import { closeSync, openSync, readSync } from 'node:fs';
import { createController, stepController } from '@yosugara/runtime';
/** @returns true: identical. */
export function replayTrace(file, say) {
    const { steps, lives, differs } = replayLines(linesOf(file));
    if (differs === null) {
        say(`${steps} steps of ${lives} lives of a controller replayed: all effects identical`);
        return steps > 0;
    }
    say(`line ${differs.line}: other effects after ${steps} identical steps`);
    say(`input: ${differs.input.slice(0, 2_000)}`);
    say(`was:   ${differs.was.slice(0, 4_000)}`);
    say(`is:    ${differs.is.slice(0, 4_000)}`);
    return false;
}
export function replayLines(lines) {
    let state = null;
    let line = 0;
    let steps = 0;
    let lives = 0;
    for (const text of lines) {
        line += 1;
        const entry = parse(text);
        if (entry === null)
            continue;
        if ('start' in entry) {
            const { config, restored, nowMs, wallMs } = entry.start;
            state = createController(config, restored, nowMs, wallMs).state;
            lives += 1;
            continue;
        }
        if (state === null)
            continue;
        const was = JSON.stringify(entry.effects);
        const is = JSON.stringify(stepController(state, entry.input));
        if (was !== is)
            return { steps, lives, differs: { line, input: JSON.stringify(entry.input), was, is } };
        steps += 1;
    }
    return { steps, lives, differs: null };
}
/** The last line of a process that was killed may be cut short. */
function parse(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return null;
    }
}
const CHUNK = 1 << 20;
/** Line by line: a trace is bigger than what fits in a string. */
function* linesOf(file) {
    const fd = openSync(file, 'r');
    try {
        const chunk = Buffer.alloc(CHUNK);
        let rest = Buffer.alloc(0);
        for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk)) {
            let bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
            for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
                yield bytes.toString('utf8', 0, end);
                bytes = bytes.subarray(end + 1);
            }
            rest = Buffer.from(bytes);
        }
        if (rest.length > 0)
            yield rest.toString('utf8');
    }
    finally {
        closeSync(fd);
    }
}
//# sourceMappingURL=replay.js.map