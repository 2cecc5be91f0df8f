export { messageIdOf } from './mail.js';
export { createNotifier } from './notifiers.js';
export type { SenderSettings } from './port.js';
