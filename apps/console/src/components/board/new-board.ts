import { suggestedId } from '../suggested-id.js';

/** Widgets that are of use anywhere: what is wrong, where, and what comes. */
export const overviewWidgets = (): readonly object[] => [
  { type: 'cluster', id: 'cluster-1', width: 12, height: 2 },
  { type: 'counts', id: 'counts-1', width: 6, height: 2 },
  { type: 'messages', id: 'messages-1', width: 6, height: 3 },
  { type: 'matrix', id: 'matrix-1', width: 6, height: 6 },
  { type: 'events', id: 'events-1', width: 6, height: 6 },
  { type: 'jobs', id: 'jobs-1', width: 6, height: 4 },
  { type: 'runs', id: 'runs-1', width: 6, height: 4 },
];

export const boardIdOf = (name: string, taken: ReadonlySet<string>): string =>
  suggestedId(name, taken, (words) => (words === '' ? 'dashboard' : words));
