import type { Page } from 'playwright-core';
import { chooseLanguage } from '../browser.js';
import { axeFinds, shot, still } from './stage.js';

export interface Way {
  readonly language: 'en' | 'ja';
  readonly theme: 'light' | 'dark';
  readonly width: 1440 | 390;
}

const HEIGHT = { 1440: 900, 390: 844 } as const;
const way = (language: Way['language'], theme: Way['theme'], width: Way['width']): Way => ({ language, theme, width });

/** Each two of language, theme and width are seen together: what is wrong with any two of them is found by these. */
export const FOUR_WAYS: readonly Way[] = [
  ...[way('en', 'light', 1440), way('ja', 'dark', 1440)],
  ...[way('ja', 'light', 390), way('en', 'dark', 390)],
];
/** Once with each language, theme and width: for what lies over a page. */
export const TWO_WAYS: readonly Way[] = [way('ja', 'light', 1440), way('en', 'dark', 390)];
/** For whoever looks at pictures. */
export const ALL_WAYS: readonly Way[] = (['en', 'ja'] as const).flatMap((language) =>
  (['light', 'dark'] as const).flatMap((theme) => ([1440, 390] as const).map((width) => way(language, theme, width))),
);

/** The page that is open, in other languages, themes and widths, without being loaded again. @returns what is wrong with it, a line each. */
export async function seenIn(page: Page, name: string, ways: readonly Way[]): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const each of process.env['SHOTS'] === undefined ? ways : ALL_WAYS) {
    const { language, theme, width } = each;
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: HEIGHT[width] });
    if ((await page.evaluate('document.documentElement.lang')) !== language) await chooseLanguage(page, language);
    await still(page);
    const here = `${name}-${width}-${theme}-${language}`;
    await shot(page, here);
    if (!ways.some((one) => one.language === language && one.theme === theme && one.width === width)) continue;
    const found = [...(await axeFinds(page)), ...(await outOfPlace(page))];
    wrong.push(...found.map((find) => `${here}: ${find}`));
  }
  return wrong;
}

/** What does not fit where it stands. */
export const outOfPlace = async (page: Page): Promise<readonly string[]> => [...(await tooWide(page)), ...(await cutOff(page))];

async function tooWide(page: Page): Promise<readonly string[]> {
  const [wide, there] = (await page.evaluate(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )) as readonly [number, number];
  return wide > there ? [`${wide} px wide on a screen of ${there}`] : [];
}

/** What a field says as long as nothing is in it, and numbers: half of them are worth nothing. And on a telephone only what is made for it is pushed sideways. */
async function cutOff(page: Page): Promise<readonly string[]> {
  return (await page.evaluate(`(() => {
    const pen = document.createElement('canvas').getContext('2d');
    const seen = (all) => [...all].filter((one) => one.checkVisibility());
    const hints = seen(document.querySelectorAll('main input[placeholder]')).filter((one) => {
      const { font, paddingLeft, paddingRight } = getComputedStyle(one);
      pen.font = font;
      return one.value === '' && pen.measureText(one.placeholder).width > one.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) + 1;
    });
    const numbers = seen(document.querySelectorAll('main .tabular, main .gantt-session')).filter((one) => {
      const { right } = one.getBoundingClientRect();
      let cutting = one.parentElement;
      while (cutting !== null && (getComputedStyle(cutting).display === 'contents' || getComputedStyle(cutting).overflowX === 'visible')) cutting = cutting.parentElement;
      // Where it can be pushed, nothing is cut off; the document itself stands still behind a dialog.
      if (cutting === document.body || !['hidden', 'clip'].includes(getComputedStyle(cutting ?? one).overflowX)) cutting = null;
      return one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible' || (cutting !== null && right > cutting.getBoundingClientRect().right + 1);
    });
    const pushed = innerWidth > 400 ? [] : seen(document.querySelectorAll('main section.panel')).filter((one) => one.scrollWidth > one.clientWidth + 1);
    return [
      ...hints.map(({ placeholder }) => 'cut off: ' + placeholder),
      ...numbers.map(({ textContent }) => 'cut off: ' + textContent),
      ...pushed.map((one) => 'pushed sideways: ' + (one.getAttribute('aria-label') ?? one.className)),
    ];
  })()`)) as readonly string[];
}
