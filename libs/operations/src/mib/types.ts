/** What is wrong with an uploaded file. An `error` means that something in it stays unknown. */
export interface MibProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

export interface MibFile {
  readonly name: string;
  readonly text: string;
  /** Where `text` begins in the file it was cut out of; default 1. */
  readonly firstLine?: number;
}

/** One arc of an OID as written: `name`, `name(7)` or `7`. */
export interface OidPart {
  readonly name: string | null;
  readonly number: number | null;
}

export interface EnumLabel {
  readonly label: string;
  readonly value: number;
}

/** A type as it is used: a base type or the name of another, with what is said about it there. */
export interface TypeUse {
  /** `INTEGER`, `OCTET STRING`, `OBJECT IDENTIFIER`, `BITS`, `Counter32`, …, or the name of a textual convention. */
  readonly name: string;
  /** Of an INTEGER, or the bits of BITS; null = none here. */
  readonly labels: readonly EnumLabel[] | null;
  /** Octets, when there are always as many; missing: nothing is said here. */
  readonly size?: number | 'varies';
}

/** One object of an INDEX clause. */
export interface IndexPart {
  readonly name: string;
  /** RFC 2578 7.7: without its length before it. */
  readonly implied: boolean;
}

export interface TypeDefinition {
  readonly line: number;
  readonly type: TypeUse;
  /** RFC 2579 3.1. */
  readonly hint: string | null;
}

/** `trap`: SMIv1's TRAP-TYPE, whose OID is made of its enterprise (RFC 3584). `node`: everything else that has a name and an OID. */
export type MibNodeKind = 'node' | 'object' | 'notification' | 'trap';

export interface NodeDefinition {
  readonly name: string;
  readonly line: number;
  readonly kind: MibNodeKind;
  readonly oid: readonly OidPart[];
  /** Objects only. */
  readonly type: TypeUse | null;
  /** Of a notification: names of the objects that it carries. */
  readonly objects: readonly string[];
  /** Of a table's row; empty: none, or none that is understood. */
  readonly index: readonly IndexPart[];
  /** The row whose INDEX this one has, too. */
  readonly augments: string | null;
  readonly units: string | null;
  readonly description: string | null;
}

export interface ImportedName {
  readonly module: string;
  readonly line: number;
}

/** A module as it stands in its file, before names of other modules mean anything. */
export interface MibModule {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly imports: ReadonlyMap<string, ImportedName>;
  readonly types: ReadonlyMap<string, TypeDefinition>;
  readonly nodes: readonly NodeDefinition[];
  /** Offset in the file's text behind its END, or of the file's end. */
  readonly end: number;
}
