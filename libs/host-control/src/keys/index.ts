export * from './key-ring.js';
export { KEY_BYTES, KeyTextError, keyIdOf, lineOfKey, type NamedKey, newKey, parseKeys } from './key-text.js';
export { Sealer, SettingSecrets } from './sealed-text.js';
