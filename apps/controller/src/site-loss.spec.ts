import { formatLsn, lsn } from '@yosugara/kernel';
import type { Status } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { SiteLossWatch } from './site-loss.js';

/** Master a at `end`, its copy d at `held`; null = not heard. */
class World {
  end: number | null = 1_000;
  held: number | null = 1_000;
  nowMs = 0;
  kind: 'dr' | 'data' = 'dr';
  readonly watch = new SiteLossWatch(() => this.status(), { monotonicMs: () => this.nowMs });

  status(): Status {
    const node = (name: string, at: number | null) => ({
      ...{ name, reachable: at !== null, lsn: at === null ? null : formatLsn(lsn(at)) },
      postgres: name === 'a' ? 'primary' : 'standby, streaming',
    });
    const nodes = [node('a', this.end), { ...node('d', this.held), kind: this.kind }];
    return { master: this.end === null ? null : 'a', nodes } as unknown as Status;
  }

  /** Second by second, as a controller looks. */
  after(seconds: number, change: Partial<Pick<World, 'end' | 'held'>> = {}): Status['siteLoss'] {
    Object.assign(this, change);
    for (let second = 0; second < seconds; second++) {
      this.nowMs += 1_000;
      this.watch.look();
    }
    return this.watch.status().siteLoss;
  }
}

describe('what would be lost with the site of the Master', () => {
  it('is nothing while the copy has all of it', () =>
    expect(new World().after(3)).toEqual({ to: 'd', bytes: 0, seconds: 0, isFollowing: true }));
  it('is what the copy has not, in bytes, and since when in seconds', () => {
    const world = new World();
    world.after(10);
    world.after(5, { end: 9_000 });
    expect(world.after(5, { end: 12_000 })).toEqual({ to: 'd', bytes: 11_000, seconds: 10, isFollowing: true });
    expect(world.after(2, { held: 9_000 })).toMatchObject({ bytes: 3_000, seconds: 7 });
    expect(world.after(1, { held: 12_000 })).toMatchObject({ bytes: 0, seconds: 0 });
  });
  it('goes on from what was last heard of a copy that is silent', () => {
    const world = new World();
    world.after(10);
    expect(world.after(20, { held: null, end: 5_000 })).toEqual({ to: 'd', bytes: 4_000, seconds: 20, isFollowing: false });
  });
  it('says of a Master that is silent how long ago it was heard: what it wrote since nobody knows, so bytes are unknown', () => {
    const world = new World();
    world.after(10);
    world.end = null;
    expect(world.after(2)).toEqual({ to: 'd', bytes: 0, seconds: 0, isFollowing: false });
    expect(world.after(28)).toEqual({ to: 'd', bytes: null, seconds: 30, isFollowing: false });
    expect(world.after(1, { end: 9_000 })).toMatchObject({ bytes: 8_000 });
  });
  it('is unknown before anything was heard, and not asked without a copy in another site', () => {
    const world = new World();
    world.held = null;
    expect(world.after(3)).toMatchObject({ bytes: null, seconds: null });
    world.kind = 'data';
    expect(world.after(3)).toBeNull();
  });
  it('counts no more what a promotion gave up', () => {
    const world = new World();
    world.after(5, { end: 50_000 });
    expect(world.after(4, { end: 2_000 })).toMatchObject({ bytes: 1_000 });
  });
  it('knows of days, the coarser the longer ago', () => {
    const world = new World();
    world.after(10);
    for (let end = 2_000; world.nowMs < 86_400_000; end += 10) {
      world.end = end;
      world.nowMs += 60_000;
      world.watch.look();
    }
    const seconds = world.watch.status().siteLoss!.seconds!;
    expect(Math.abs(seconds - 86_400)).toBeLessThan(3_600);
  });
});
