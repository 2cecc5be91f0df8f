export { FacilityIndex, type ScopeOfTree } from './facilities.js';
export { SettingsFollower } from './follower.js';
export { type ReadSetting, readSettings, SettingsSnapshot, type UnreadableSetting } from './snapshot.js';
export { SettingsTimes } from './times.js';
export type * from './types.js';
