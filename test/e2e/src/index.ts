export { throughTakeOver } from './take-over.js';
