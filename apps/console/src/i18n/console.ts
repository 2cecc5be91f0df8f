import { consoleEn } from './console-en.js';
import { consoleJa } from './console-ja.js';
import { learnTexts } from './translate.js';

learnTexts({ en: consoleEn, ja: consoleJa });
