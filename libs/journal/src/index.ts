export * from './errors.js';
export { openRaftDisk } from './raft-disk.js';
export { decodeRecord, encodedLength, encodeRecord, encodeRecordInto, identify, MAX_RAW_BYTES } from './record.js';
export * from './types.js';
