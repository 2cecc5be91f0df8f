import type { Varbind } from '../events/record.js';
import { hintedInteger, hintedOctets } from './display-hint.js';
import type { EnumLabel, MibNodeKind } from './types.js';

/** How values of a type are read. */
export interface MibType {
  /** Base type: `INTEGER`, `OCTET STRING`, `BITS`, … */
  readonly base: string;
  /** As the object names it. */
  readonly name: string;
  readonly hint: string | null;
  readonly labels: readonly EnumLabel[] | null;
}

export interface MibNode {
  readonly oid: string;
  readonly name: string;
  readonly module: string;
  readonly kind: MibNodeKind;
  readonly type: MibType | null;
  /** Of a notification: names of what it carries. */
  readonly objects: readonly string[];
  readonly units: string | null;
  readonly description: string | null;
}

export interface ResolvedOid {
  readonly node: MibNode;
  /** What follows the node: the instance; empty for the node itself. */
  readonly index: string;
}

/** What a person reads of a varbind. */
export interface NamedVarbind {
  /** `ifOperStatus.7`; the OID itself when it is unknown. */
  readonly name: string;
  readonly module: string | null;
  /** With labels and hints; as it came when nothing is known. */
  readonly value: string;
  readonly units: string | null;
}

/** Compiled modules: names for OIDs. Never changes. */
export class MibStore {
  readonly #nodes: ReadonlyMap<string, MibNode>;

  constructor(nodes: ReadonlyMap<string, MibNode>) {
    this.#nodes = nodes;
  }

  get size(): number {
    return this.#nodes.size;
  }

  nodes(): Iterable<MibNode> {
    return this.#nodes.values();
  }

  /** The nearest node above or at `oid`; null when nothing above it has a name. */
  resolve(oid: string): ResolvedOid | null {
    for (let end = oid.length; end > 0; end = oid.lastIndexOf('.', end - 1)) {
      const node = this.#nodes.get(oid.slice(0, end));
      if (node !== undefined) return { node, index: oid.slice(end + 1) };
    }
    return null;
  }

  /** `linkDown`, or null: no notification of that OID is known. */
  notification(oid: string): MibNode | null {
    const node = this.#nodes.get(oid);
    return node !== undefined && (node.kind === 'notification' || node.kind === 'trap') ? node : null;
  }

  nameOf(oid: string): string {
    const found = this.resolve(oid);
    return found === null ? oid : found.index === '' ? found.node.name : `${found.node.name}.${found.index}`;
  }

  describe(varbind: Varbind): NamedVarbind {
    const found = this.resolve(varbind.oid);
    const node = found?.node ?? null;
    // A leaf's type says nothing of what merely hangs somewhere below a branch.
    const type = node?.kind === 'object' ? node.type : null;
    const value =
      varbind.type === 'OID' ? this.nameOf(varbind.value) : type === null ? varbind.value : readableValue(varbind, type);
    return { name: this.nameOf(varbind.oid), module: node?.module ?? null, value, units: node?.units ?? null };
  }
}

const INTEGERS: ReadonlySet<string> = new Set(['Integer', 'Counter32', 'Gauge32', 'TimeTicks', 'Counter64']);

function readableValue(varbind: Varbind, type: MibType): string {
  const { value } = varbind;
  if (INTEGERS.has(varbind.type)) {
    const label = type.labels?.find((each) => String(each.value) === value)?.label;
    if (label !== undefined) return `${label}(${value})`;
    return (type.hint !== null && /^-?\d+$/.test(value) ? hintedInteger(type.hint, BigInt(value)) : null) ?? value;
  }
  if (varbind.type !== 'hex' && varbind.type !== 'OctetString') return value;
  const bytes = varbind.type === 'hex' ? fromHex(value) : new TextEncoder().encode(value);
  if (type.base === 'BITS') return bitsOf(bytes, type.labels ?? []);
  // Readable text that is meant as text stays as it is, also beyond ASCII.
  if (type.hint === null || (varbind.type === 'OctetString' && /^\d+[at]$/.test(type.hint))) return value;
  return hintedOctets(type.hint, bytes) ?? value;
}

/** RFC 2578 7.1.4: bit 0 is the first bit of the first octet. */
function bitsOf(bytes: Uint8Array, labels: readonly EnumLabel[]): string {
  const names: string[] = [];
  for (let bit = 0; bit < bytes.length * 8; bit++)
    if ((bytes[bit >> 3]! & (0x80 >> (bit & 7))) !== 0)
      names.push(labels.find((each) => each.value === bit)?.label ?? String(bit));
  return `{${names.join(',')}}`;
}

function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >> 1);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}
