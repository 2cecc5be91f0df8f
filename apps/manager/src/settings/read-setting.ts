import { re2Patterns } from '@yosugara/connectors';
import { inBody, type MonitorBody, type ParsedSetting, parseSetting, patternsOf, type SettingMistake } from '@yosugara/protocol';

const patterns = re2Patterns();

/** As somebody wrote it, whole and with its defaults. What only an engine can tell, such as that a pattern is none, is told with the rest. */
export function readSetting(document: unknown): ParsedSetting {
  const parsed = parseSetting(document);
  if (!parsed.ok || parsed.setting.kind !== 'monitor') return parsed;
  const mistakes = patternMistakes(parsed.setting.body as MonitorBody);
  return mistakes.length === 0 ? parsed : { ok: false, mistakes };
}

/** A pattern that is none would match nothing, and nobody would be told. */
function patternMistakes(body: MonitorBody): readonly SettingMistake[] {
  const placed = patternsOf(body);
  return patterns.compile(placed).problems.map(({ index, says }) => {
    const { place, pattern } = placed[index]!;
    return inBody({ place, found: JSON.stringify(pattern.slice(0, 120)), allowed: `a regular expression of RE2. ${says}` });
  });
}
