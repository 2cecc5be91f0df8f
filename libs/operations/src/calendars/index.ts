export { Calendars, daysOfPatterns, type SettingLike } from './calendars.js';
export { CHANGE_WITHIN_DAYS, CompiledCalendar, NO_ROW, NOT_VALID, type OpenDay, type Span } from './compiled.js';
export { civilDay, clockText, dateText, dayNumber } from './local-time.js';
