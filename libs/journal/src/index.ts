export * from './errors.js';
export { openJournalReader } from './journal-reader.js';
export { exportJournal, type JournalSurvey, type SegmentSurvey, surveyJournals } from './journal-survey.js';
export { openPeerCopy } from './peer-copy.js';
export { type BranchPlan, carryOutBranch, planBranch, refuseBranch } from './raft-branch.js';
export { openRaftDisk, setRaftDiskAside } from './raft-disk.js';
export { openReceiverJournal } from './receiver-journal.js';
export { decodeRecord, encodedLength, encodeRecord, encodeRecordInto, identify, MAX_RAW_BYTES } from './record.js';
export * from './types.js';
