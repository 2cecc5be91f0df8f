import { describe, expect, it } from 'vitest';
import { maySee, mayWith } from './rights.js';

describe('what somebody may', () => {
  it('is what the manager said, and nothing else', () => {
    expect(mayWith({ event: ['read'] }, 'event', 'read')).toBe(true);
    expect(mayWith({ event: ['read'] }, 'event', 'modify')).toBe(false);
    expect(mayWith({}, 'audit', 'read')).toBe(false);
  });
  it('decides which pages are shown; pages of nobody’s function are everybody’s', () => {
    expect([maySee({ access: ['read'] }, 'users'), maySee({ access: ['read'] }, 'audit'), maySee({}, 'profile')]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
