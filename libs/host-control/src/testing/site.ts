import { type NodeConfig, NodeConfigSchema } from '@yosugara/protocol';

/** The same node where `b` is the copy in another site. @param line port of the line. */
export function withCopy(config: NodeConfig, dr: Partial<NodeConfig['dr']>, line: number): NodeConfig {
  const members = config.cluster.members.map((member) => (member.id === 'b' ? { ...member, kind: 'dr' as const } : member));
  return NodeConfigSchema.parse({
    ...config,
    cluster: { ...config.cluster, members },
    ports: { ...config.ports, line },
    dr,
  });
}
