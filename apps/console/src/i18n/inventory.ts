import { inventoryEn } from './inventory-en.js';
import { inventoryJa } from './inventory-ja.js';
import { learnTexts } from './translate.js';

learnTexts({ en: inventoryEn, ja: inventoryJa });
