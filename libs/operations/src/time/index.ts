export { firstReachedMs, zoneOffsetUs } from './time-zone.js';
