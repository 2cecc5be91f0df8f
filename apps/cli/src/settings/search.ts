import type { NodeSearch, PlacedDocument } from '@yosugara/protocol';

/** New nodes of agents that are none yet, called by their host names, else by their addresses. */
export function nodesOfSearch({ agents }: NodeSearch, scopes: readonly string[], snmp: unknown): readonly PlacedDocument[] {
  const taken = new Set<string>();
  return agents
    .filter(({ nodes }) => nodes.length === 0)
    .map(({ address, name, description, platform }) => {
      const called = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(name) && !taken.has(name) ? name : address;
      taken.add(called);
      const body = {
        ...{
          name: name === '' ? address : name,
          addresses: [address],
          hostNames: called === name ? [name] : [],
          scopes,
          platform,
        },
        ...(snmp === undefined ? {} : { snmp }),
      };
      const document = { kind: 'node', id: called, description: description.slice(0, 1_024), body };
      return { document, file: `search, ${address}`, line: 1 };
    });
}
