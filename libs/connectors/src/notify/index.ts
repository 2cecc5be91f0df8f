export { type InternalTarget, sendInternal } from './internal-syslog.js';
export { sendLink } from './link.js';
export { messageIdOf } from './mail.js';
export { createNotifier } from './notifiers.js';
export type { SenderSettings } from './port.js';
export { type SyslogTarget, sendSyslogLine } from './syslog.js';
