import type { Varbind } from '../events/record.js';
import { readableText } from '../events/text.js';
import { hintedInteger, hintedOctets } from './display-hint.js';
import { readInstance, writeInstance } from './instance.js';
import type { EnumLabel, MibNodeKind } from './types.js';

/** How values of a type are read. */
export interface MibType {
  /** Base type: `INTEGER`, `OCTET STRING`, `BITS`, … */
  readonly base: string;
  /** As the object names it. */
  readonly name: string;
  readonly hint: string | null;
  readonly labels: readonly EnumLabel[] | null;
  /** Octets, when there are always as many. */
  readonly size?: number;
  /** Of a table's row: what its INDEX clause says, or that of the row which it augments. Missing: not known. */
  readonly index?: readonly MibIndex[];
}

/** One object of an INDEX clause. */
export interface MibIndex {
  readonly type: MibType;
  /** RFC 2578 7.7: without its length before it. */
  readonly implied: boolean;
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
  /** `ifOperStatus[7]`; the OID itself when it is unknown. */
  readonly name: string;
  readonly module: string | null;
  /** With labels and hints; as it came when nothing is known. */
  readonly value: string;
  readonly units: string | null;
}

/** OIDs looked up and not forgotten: traps of one network name the same few thousand again and again. */
const REMEMBERED = 8_192;
/** A longer set of bits is shown as it came. */
const MAX_BITS_BYTES = 512;

/** Compiled modules: names for OIDs. Never changes, but for what it remembers. */
export class MibStore {
  readonly #nodes: ReadonlyMap<string, MibNode>;
  readonly #resolved = new Map<string, ResolvedOid | null>();
  readonly #names = new Map<string, string>();
  readonly #labels = new WeakMap<MibType, ReadonlyMap<string, string>>();
  #byName: ReadonlyMap<string, MibNode> | null = null;

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
    let found = this.#resolved.get(oid);
    if (found === undefined) {
      found = this.#nearest(oid);
      if (this.#resolved.size >= REMEMBERED) this.#resolved.clear();
      this.#resolved.set(oid, found);
    }
    return found;
  }

  #nearest(oid: string): ResolvedOid | null {
    for (let end = oid.length; end > 0; end = oid.lastIndexOf('.', end - 1)) {
      const node = this.#nodes.get(oid.slice(0, end));
      if (node !== undefined) return { node, index: oid.slice(end + 1) };
    }
    return null;
  }

  /** Of that name, in whichever module; null: none. Names differ by the case of their letters. */
  named(name: string): MibNode | null {
    if (this.#byName === null) {
      const byName = new Map<string, MibNode>();
      for (const node of this.#nodes.values()) {
        const before = byName.get(node.name);
        if (before === undefined || (before.kind === 'node' && node.kind !== 'node')) byName.set(node.name, node);
      }
      this.#byName = byName;
    }
    return this.#byName.get(name) ?? null;
  }

  /**
   * `linkDown`, or null: no notification of that OID is known. Agents and modules disagree about the 0 before the last arc, which RFC 3584
   * puts into the OID of a v1 trap: the OID with it stands for the one without it, and the other way round, unless that is something else.
   */
  notification(oid: string): MibNode | null {
    return this.#notificationAt(oid) ?? (this.#nodes.has(oid) ? null : this.#notificationAt(withOrWithoutZero(oid)));
  }

  #notificationAt(oid: string): MibNode | null {
    const node = this.#nodes.get(oid);
    return node !== undefined && (node.kind === 'notification' || node.kind === 'trap') ? node : null;
  }

  /**
   * What an OID is called: `sysUpTime.0`, `ifDescr[3]`; the OID itself when only a branch far above has a name. What is no instance of its
   * table stays in numbers: `ifDescr.3.4`.
   */
  nameOf(oid: string): string {
    let name = this.#names.get(oid);
    if (name === undefined) {
      name = this.#called(oid);
      if (this.#names.size >= REMEMBERED) this.#names.clear();
      this.#names.set(oid, name);
    }
    return name;
  }

  #called(oid: string): string {
    const found = this.resolve(oid);
    const clause = found === null || found.index === '' ? null : this.#indexOf(found.node);
    // Within an instance another one stays in numbers: brackets in brackets tell nobody more.
    const values = clause === null ? null : readInstance(found!.index, clause, (part) => this.#inNumbers(part));
    return values === null ? this.#inNumbers(oid) : found!.node.name + values.map((value) => `[${value}]`).join('');
  }

  #inNumbers(oid: string): string {
    const found = this.resolve(oid);
    if (found === null || (found.index !== '' && found.node.kind !== 'object')) return oid;
    return found.index === '' ? found.node.name : `${found.node.name}.${found.index}`;
  }

  /** Of the table that it is a column of; null: of none, or its INDEX is not known. */
  #indexOf({ oid }: MibNode): readonly MibIndex[] | null {
    return this.#nodes.get(oid.slice(0, oid.lastIndexOf('.')))?.type?.index ?? null;
  }

  /** The OID of what `nameOf` writes, or of `ifDescr.3`; null: nothing here is called so. */
  oidOf(name: string): string | null {
    if (/^\d+(\.\d+)*$/.test(name)) return name;
    const [, called = '', instance = ''] = /^([^.[\]]+)([\s\S]*)$/.exec(name) ?? [];
    const node = this.named(called);
    if (node === null) return null;
    if (/^(\.\d+)*$/.test(instance)) return node.oid + instance;
    const clause = this.#indexOf(node);
    const arcs = clause === null ? null : writeInstance(instance, clause, (part) => this.oidOf(part));
    return arcs === null ? null : `${node.oid}.${arcs}`;
  }

  describe(varbind: Varbind): NamedVarbind {
    const node = this.resolve(varbind.oid)?.node ?? null;
    const name = this.nameOf(varbind.oid);
    // A leaf's type says nothing of what merely hangs somewhere below a branch.
    const type = node?.kind === 'object' ? node.type : null;
    const value =
      varbind.type === 'OID'
        ? (this.notification(varbind.value)?.name ?? this.nameOf(varbind.value))
        : type === null
          ? varbind.value
          : this.#readable(varbind, type);
    return { name, module: name === varbind.oid ? null : (node?.module ?? null), value, units: node?.units ?? null };
  }

  /** `down` or `down(2)` of a type with labels is `2`; anything else is itself. */
  valueOf(type: MibType | null, text: string): string {
    const label = /^(.*?)(?:\((-?\d+)\))?$/.exec(text)?.[1];
    const found = type?.labels?.find((each) => each.label === label);
    return found === undefined ? text : String(found.value);
  }

  #readable(varbind: Varbind, type: MibType): string {
    const { value } = varbind;
    if (INTEGERS.has(varbind.type)) {
      const label = type.labels === null ? undefined : this.#labelsOf(type, type.labels).get(value);
      if (label !== undefined) return `${label}(${value})`;
      return (type.hint !== null && /^-?\d{1,20}$/.test(value) ? hintedInteger(type.hint, BigInt(value)) : null) ?? value;
    }
    if (varbind.type !== 'hex' && varbind.type !== 'OctetString') return value;
    // Readable text that is meant as text stays as it is, also beyond ASCII.
    const isText = type.hint !== null && /^\d+[at]$/.test(type.hint);
    if (varbind.type === 'OctetString' && (isText || (type.hint === null && type.base !== 'BITS'))) return value;
    const bytes = varbind.type === 'hex' ? fromHex(value) : new TextEncoder().encode(value);
    if (type.base === 'BITS') return bytes.length > MAX_BITS_BYTES ? value : this.#bits(bytes, type);
    if (type.hint === null) return value;
    return (isText ? plainText(bytes) : hintedOctets(type.hint, bytes)) ?? value;
  }

  /** RFC 2578 7.1.4: bit 0 is the first bit of the first octet. */
  #bits(bytes: Uint8Array, type: MibType): string {
    const labels = this.#labelsOf(type, type.labels ?? []);
    const names: string[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit++)
      if ((bytes[bit >> 3]! & (0x80 >> (bit & 7))) !== 0) names.push(labels.get(String(bit)) ?? String(bit));
    return `{${names.join(',')}}`;
  }

  #labelsOf(type: MibType, labels: readonly EnumLabel[]): ReadonlyMap<string, string> {
    let found = this.#labels.get(type);
    if (found === undefined) {
      // Of two labels of one number the first counts.
      found = new Map(labels.toReversed().map(({ label, value }) => [String(value), label]));
      this.#labels.set(type, found);
    }
    return found;
  }
}

const INTEGERS: ReadonlySet<string> = new Set(['Integer', 'Counter32', 'Gauge32', 'TimeTicks', 'Counter64']);

/** `1.3.6.1.4.1.9.0.5` for `1.3.6.1.4.1.9.5`, and the other way round. */
function withOrWithoutZero(oid: string): string {
  const last = oid.lastIndexOf('.');
  return oid.endsWith('.0', last) ? oid.slice(0, last - 2) + oid.slice(last) : `${oid.slice(0, last)}.0${oid.slice(last)}`;
}

/** Text with a NUL at its end, or in ISO 8859-1; null: no text that a person could read. */
function plainText(bytes: Uint8Array): string | null {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const { text, valid } = readableText(bytes.subarray(0, end));
  const read = valid ? text : readableText(bytes.subarray(0, end), 'iso-8859-1').text;
  return /[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(read) ? null : read;
}

function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >> 1);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}
