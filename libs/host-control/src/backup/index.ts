export { type ClusterFiles, checkClusterFiles, fetchClusterFiles, putClusterFiles, readClusterFiles } from './cluster-files.js';
export * from './errors.js';
export type { BackupSet } from './info.js';
export { installRestored, mustBeStopped, takeOverRoles } from './install.js';
export { giveToState, placeJournals, placeSecrets } from './placing.js';
export { type BackupType, type OnProgress, Repository } from './repository.js';
export { checkPages, type Restored, restoreInto } from './restored.js';
export { parseTarget, type RestoreTarget, setFor } from './target.js';
export { sendUnsent } from './unsent.js';
