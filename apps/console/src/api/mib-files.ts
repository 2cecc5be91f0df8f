import { MAX_MIB_FILE, MAX_MIB_FILES } from '@yosugara/protocol';

export interface MibText {
  readonly name: string;
  readonly text: string;
}

/** Of one request; the manager takes somewhat more. */
const BATCH_CHARS = 6 * 1024 * 1024;

/** Modules are ASCII; comments and descriptions are sometimes in the charset of their author. */
export function mibTextOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}

/** Larger files are no modules. */
export const isTooLarge = (file: { readonly size: number }): boolean => file.size > MAX_MIB_FILE;

export function mibBatches(
  files: readonly MibText[],
  most = { chars: BATCH_CHARS, files: MAX_MIB_FILES },
): readonly (readonly MibText[])[] {
  const batches: MibText[][] = [];
  let chars = 0;
  for (const file of files) {
    const last = batches.at(-1);
    if (last === undefined || last.length >= most.files || chars + file.text.length > most.chars) {
      batches.push([file]);
      chars = file.text.length;
    } else {
      last.push(file);
      chars += file.text.length;
    }
  }
  return batches;
}
