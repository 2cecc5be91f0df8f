import { describe, expect, it } from 'vitest';
import { BUILT_IN_ROLES, FUNCTION_OF_KIND } from '../access/rights.js';
import { MOST_WIDGETS, WIDGET_TYPES } from './dashboard.js';
import { parseSetting, wholeMistakesOf } from './schemas.js';

const parse = (body: object) => parseSetting({ kind: 'dashboard', id: 'wall', body });
const widget = (type: string, more: object = {}) => ({ type, id: `w-${type}`, ...more });

describe('a dashboard', () => {
  it('may have a widget of every type, each with its usual values', () => {
    const parsed = parse({ name: 'Wall', widgets: WIDGET_TYPES.map((type) => widget(type)) });
    expect(parsed).toMatchObject({ ok: true, setting: { body: { range: '6h', refreshS: 30, timeZone: null } } });
    expect(WIDGET_TYPES).toHaveLength(10);
  });
  it('has widgets that fit into it', () => {
    expect(parse({ name: 'Wall', widgets: [widget('text', { width: 12 })] }).ok).toBe(true);
    expect(parse({ name: 'Wall', widgets: [widget('text', { width: 13 })] }).ok).toBe(false);
    const many = (count: number) => Array.from({ length: count }, (_, at) => ({ type: 'cluster', id: `c${at}` }));
    expect([
      parse({ name: 'Wall', widgets: many(MOST_WIDGETS) }).ok,
      parse({ name: 'Wall', widgets: many(MOST_WIDGETS + 1) }).ok,
    ]).toEqual([true, false]);
  });
  it('tells its widgets apart', () => {
    const parsed = parse({ name: 'Wall', widgets: [widget('text'), widget('text')] });
    expect(parsed.ok && wholeMistakesOf('dashboard', parsed.setting.body)).toMatchObject([{ place: 'widgets.1.id' }]);
  });
  it('is a function of its own: whoever looks at everything sees it, and does not change it', () => {
    expect(FUNCTION_OF_KIND.dashboard).toBe('dashboard');
    expect(BUILT_IN_ROLES.viewer.grants.dashboard).toEqual(['read']);
    expect(BUILT_IN_ROLES.operator.grants.dashboard).toEqual(['read', 'add', 'modify']);
  });
});
