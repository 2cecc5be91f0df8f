export { daysIn } from './months.js';
export { firstReachedMs, zoneOffsetUs } from './time-zone.js';
