export { re2Patterns } from './set.js';
