import { describe, expect, it } from 'vitest';
import { VipLook } from './vip-look.js';

describe('a look at whether this host holds the address', () => {
  const slow = () => {
    let answer: (held: boolean) => void = () => undefined;
    const held = new Promise<boolean>((resolve) => (answer = resolve));
    return { held: () => held, answer: (is: boolean) => answer(is) };
  };
  it('tells what was seen', async () => {
    const looks = new VipLook();
    looks.touched();
    expect([
      await looks.look(
        async () => true,
        () => false,
      ),
      await looks.look(
        async () => false,
        () => false,
      ),
    ]).toEqual([true, false]);
  });
  it('tells nothing when the address was taken or let go while it was under way, even if that has ended since', async () => {
    const looks = new VipLook();
    const { held, answer } = slow();
    const told = looks.look(held, () => false);
    looks.touched();
    answer(false);
    expect(await told).toBeNull();
  });
  it('is not begun while the address is being taken or let go', async () => {
    expect(
      await new VipLook().look(
        async () => false,
        () => true,
      ),
    ).toBeNull();
  });
});
