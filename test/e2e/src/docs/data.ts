import type { Block } from './blocks.js';

/** Of which kind a block of YAML is: told by its second word, else by its keys. */
export type YamlKind = 'settings' | 'config' | 'cluster' | 'foreign';

export function yamlKindOf({ tags }: Pick<Block, 'tags'>, document: unknown, configKeys: ReadonlySet<string>): YamlKind | null {
  const said = (['settings', 'config', 'cluster', 'foreign'] as const).find((kind) => tags.includes(kind));
  if (said !== undefined) return said;
  if (typeof document !== 'object' || document === null) return null;
  const keys = Object.keys(document);
  if (keys.includes('kind') && keys.includes('body')) return 'settings';
  return keys.length > 0 && keys.every((key) => configKeys.has(key)) ? 'config' : null;
}

type Tree = { readonly [key: string]: unknown };
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A page shows a part of a configuration: it is put into a whole one. Members are known by their ids. */
export function within(whole: unknown, part: unknown): unknown {
  if (Array.isArray(whole) && Array.isArray(part) && part.every((each) => isTree(each) && 'id' in each)) {
    const parts: readonly Tree[] = part;
    const known = whole.map((each: unknown) => {
      const more = parts.find((one) => isTree(each) && one['id'] === each['id']);
      return more === undefined ? each : within(each, more);
    });
    return [...known, ...parts.filter((one) => !whole.some((each: unknown) => isTree(each) && each['id'] === one['id']))];
  }
  if (!isTree(whole) || !isTree(part)) return part;
  const merged: Record<string, unknown> = { ...whole };
  for (const [key, value] of Object.entries(part)) merged[key] = key in whole ? within(whole[key], value) : value;
  return merged;
}

const member = (id: string, kind: string, address: string) => ({ id, kind, address, zone: `hall-${id}`, peerId: `12D3-${id}` });
/** A configuration that says what must be said. */
export const WHOLE_CONFIG: Tree = {
  cluster: {
    id: 'prod',
    members: [member('a', 'data', '192.0.2.1'), member('b', 'data', '192.0.2.2'), member('w', 'witness', '192.0.2.3')],
  },
  node: 'a',
  stateDir: '/var/lib/yosugara/state',
  dataDir: '/var/lib/yosugara/data',
};
