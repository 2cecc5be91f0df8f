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
    const found = [...(await axeFinds(page)), ...(await tooWide(page))];
    wrong.push(...found.map((find) => `${here}: ${find}`));
  }
  return wrong;
}

async function tooWide(page: Page): Promise<readonly string[]> {
  const [wide, there] = (await page.evaluate(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )) as readonly [number, number];
  return wide > there ? [`${wide} px wide on a screen of ${there}`] : [];
}
