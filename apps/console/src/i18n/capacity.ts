import { capacityEn } from './capacity-en.js';
import { capacityJa } from './capacity-ja.js';
import { learnTexts } from './translate.js';

learnTexts({ en: capacityEn, ja: capacityJa });
