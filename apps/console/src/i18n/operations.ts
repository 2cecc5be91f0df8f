import { consoleEn } from './console-en.js';
import { consoleJa } from './console-ja.js';
import { fieldsEn } from './fields-en.js';
import { fieldsJa } from './fields-ja.js';
import { jobsEn } from './jobs-en.js';
import { jobsJa } from './jobs-ja.js';
import { operationsEn } from './operations-en.js';
import { operationsJa } from './operations-ja.js';
import { learnTexts } from './translate.js';

learnTexts({
  en: { ...operationsEn, ...jobsEn, ...consoleEn, ...fieldsEn },
  ja: { ...operationsJa, ...jobsJa, ...consoleJa, ...fieldsJa },
});
