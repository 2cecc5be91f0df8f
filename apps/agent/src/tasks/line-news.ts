import type { AgentNews } from '@yosugara/protocol/agents';
import type { Entry } from './lines.js';

/** Of one piece of news. */
export const MOST_LINES = 500;
const MOST_CHARS = 400_000;
const MOST_PATH = 4_096;

/** Lines of a file as news, each of bounded size; empty lines are left out. */
export function newsOfLines(task: string, path: string, entries: readonly Entry[], atMs: number): readonly AgentNews[] {
  const news: AgentNews[] = [];
  let lines: { atMs: number; text: string }[] = [];
  let chars = 0;
  const cut = () => {
    if (lines.length > 0) news.push({ kind: 'lines', task, file: path.slice(0, MOST_PATH), lines });
    [lines, chars] = [[], 0];
  };
  for (const { text } of entries) {
    if (text.trim() === '') continue;
    if (lines.length === MOST_LINES || (lines.length > 0 && chars + text.length > MOST_CHARS)) cut();
    lines.push({ atMs, text });
    chars += text.length;
  }
  cut();
  return news;
}
