import { consoleEn } from './console-en.js';
import { consoleJa } from './console-ja.js';
import { dashboardsEn } from './dashboards-en.js';
import { dashboardsJa } from './dashboards-ja.js';
import { fieldsEn } from './fields-en.js';
import { fieldsJa } from './fields-ja.js';
import { jobsEn } from './jobs-en.js';
import { jobsJa } from './jobs-ja.js';
import { operationsEn } from './operations-en.js';
import { operationsJa } from './operations-ja.js';
import { learnTexts } from './translate.js';

learnTexts({
  en: { ...operationsEn, ...jobsEn, ...consoleEn, ...dashboardsEn, ...fieldsEn },
  ja: { ...operationsJa, ...jobsJa, ...consoleJa, ...dashboardsJa, ...fieldsJa },
});
