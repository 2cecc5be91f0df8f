/** Byte by byte: Buffer's own looks at what it is given first, which costs more than the writing, and every record has ten of them. */
export function writeU32(target: Uint8Array, value: number, at: number): void {
  target[at] = value;
  target[at + 1] = value >>> 8;
  target[at + 2] = value >>> 16;
  target[at + 3] = value >>> 24;
}
