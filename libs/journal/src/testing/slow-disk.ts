import { faultyFs } from './fault-fs.js';

/** A disk whose durable writes can be kept waiting, and are noted. */
export function slowDisk() {
  let isOpen: Promise<void> = Promise.resolve();
  let open = () => {};
  let isWithoutSpace = false;
  const writes: number[] = [];
  const inner = faultyFs((at) => (isWithoutSpace && at === 'write' ? 'ENOSPC' : null));
  return {
    /** Bytes of each. */
    writes: writes as readonly number[],
    hold: () => void (isOpen = new Promise((resolve) => (open = resolve))),
    go: () => open(),
    withoutSpace: (is: boolean) => void (isWithoutSpace = is),
    fs: {
      ...inner,
      async open(...args: Parameters<typeof inner.open>) {
        const file = await inner.open(...args);
        return {
          ...file,
          async writeDurably(data: Uint8Array, position: number) {
            await isOpen;
            await file.writeDurably(data, position);
            writes.push(data.length);
          },
        };
      },
    },
  };
}
