import { describe, expect, inject, it } from 'vitest';
import { pointName } from '../chaos/boundaries.ts';
import { scenariosIn } from '../chaos/scenarios.ts';
import { randomFrom, sampleOf, tryPoints, tryWhole } from '../chaos/trial.ts';

// The same points every time, so that a test that fails says something of the change; other seeds are for `npm run chaos`.
const seed = Number(process.env['CHAOS_SEED'] ?? 281_732);

/** G1: killed anywhere, it finishes as if it had not been. A sample; `npm run chaos -- --all` tries every point. */
describe(`G1, seed ${seed}`, { timeout: 400_000 }, () => {
  const random = randomFrom(seed);
  // One plan's widest procedure and a restore; `npm run chaos` tries every plan. One that rolls back when it takes longer
  // than some minutes cannot be killed again and again in a world this fast.
  const wanted = scenariosIn('plans').filter(({ name }) => /^omnimesh\/(failover\/region$|restore\/)/.test(name));
  const covered = new Set<string>();

  it.each(wanted.map((scenario) => [scenario.name, scenario] as const))(
    'a bot killed in the midst of %s is as if it had lived',
    async (_, scenario) => {
      const postgresUrl = inject('databaseUrl');
      const whole = await tryWhole(scenario, { postgresUrl, speed: 60 });
      expect(whole.snapshot.outcome).toBe('succeeded');
      const points = sampleOf(whole, covered, random);
      // Each death costs wall time, in which the world's deadlines come nearer.
      const trial = await tryPoints(whole, points, { postgresUrl, speed: points.length > 3 ? 20 : 60 });
      const said = `seed ${seed}: ${points.map(pointName).join(' ')}`;
      expect(trial.faults, said).toEqual([]);
      expect(trial.tried.length, said).toBeGreaterThan(0);
    },
  );
});
