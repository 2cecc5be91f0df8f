import { fieldsEn } from './fields-en.js';
import { fieldsJa } from './fields-ja.js';
import { jobsEn } from './jobs-en.js';
import { jobsJa } from './jobs-ja.js';
import { operationsEn } from './operations-en.js';
import { operationsJa } from './operations-ja.js';
import { learnTexts } from './translate.js';

learnTexts({ en: { ...operationsEn, ...jobsEn, ...fieldsEn }, ja: { ...operationsJa, ...jobsJa, ...fieldsJa } });
