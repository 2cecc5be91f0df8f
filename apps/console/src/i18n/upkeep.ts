import { learnTexts } from './translate.js';
import { upkeepEn } from './upkeep-en.js';
import { upkeepJa } from './upkeep-ja.js';

learnTexts({ en: upkeepEn, ja: upkeepJa });
