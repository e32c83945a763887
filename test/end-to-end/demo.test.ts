import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cleanEnvironment, cliPath } from '../support/running-bot.ts';

/** Runs `mayday demo --json` as a person would and reads its last line. */
const demo = (
  args: string[],
  environment: Record<string, string> = {},
): Promise<{ code: number; result: any; told: string }> =>
  new Promise((done) => {
    execFile(
      process.execPath,
      [cliPath, 'demo', '--json', ...args],
      { env: { ...cleanEnvironment(), ...environment }, maxBuffer: 64_000_000 },
      (error, stdout, stderr) => {
        mkdirSync('test-results', { recursive: true });
        writeFileSync(`test-results/demo${args.join('').replaceAll(/[^a-z0-9]+/gi, '-')}.txt`, stderr + stdout);
        done({
          code: error ? ((error.code as unknown as number) ?? 1) : 0,
          result: JSON.parse(stdout.trim().split('\n').at(-1) || '{}'),
          told: stderr,
        });
      },
    );
  });

const once = {
  'rds:PromoteReadReplica': 1,
  'elasticache:IncreaseReplicaCount': 1,
  'route53:ChangeResourceRecordSets': 1,
  'kubernetes:PatchSecret': 1,
  // Three grow in the new place, and three end in the old one when it comes back.
  'kubernetes:PatchDeploymentScale': 6,
  'pagerduty:CreateIncident': 1,
  'statuspage:CreateIncident': 1,
};

describe.concurrent('the demo', { timeout: 120_000 }, () => {
  it('fails over, restores and reports on a Tuesday at ten, approved by two others (M1 M2 M4–M9 M11 M12)', async () => {
    const { code, result, told } = await demo([]);
    expect(told).toContain('Everything held');
    expect(code, told).toBe(0);
    const [failover, restore] = result.runs;
    expect(failover).toMatchObject({
      flow: 'failover',
      scope: 'region',
      outcome: 'succeeded',
      approvers: ['Dmitri Banks', 'Vera Park'],
    });
    expect(restore).toMatchObject({ flow: 'restore', scope: 'database', outcome: 'succeeded' });
    expect(result.world.changes).toMatchObject({ ...once, 'rds:RestoreDBInstanceToPointInTime': 1 });
    for (const seconds of Object.values(failover.phases)) expect(seconds).toBeGreaterThanOrEqual(0);
    const sum = Object.values<number>(failover.phases).reduce((a, b) => a + b, 0);
    expect(failover.rtoSeconds).toBeCloseTo(sum, 0);
    expect(failover.criticalPathSeconds).toBeGreaterThan(100);
    expect(failover.criticalPathSeconds).toBeLessThanOrEqual(failover.phases.execute + failover.phases.verify);
    expect(failover.rpoSeconds).toBeGreaterThan(0);
    expect(result.journal.verified).toBe(true);
    expect(result.statusPageUpdates.map((update: { status: string }) => update.status)).toEqual([
      'investigating',
      'identified',
      'monitoring',
      'resolved',
    ]);
    expect(result.stakeholderMessages).toHaveLength(12);
    expect(result.channel).toMatch(/^inc-20261124-omnimesh-/);
  });

  it('lets on-call alone approve on Sunday at three, typing the word, and tells the executives', async () => {
    const { code, result, told } = await demo(['--at', '2026-11-22T08:00:00Z', '--speed', '20']);
    expect(code, told).toBe(0);
    expect(result.runs[0]).toMatchObject({ outcome: 'succeeded', approvers: ['Dana Reyes'] });
    expect(result.stakeholderMessages).toHaveLength(14);
  });

  it('ends honestly when the promote is refused: nothing that needs it was touched, and all were told', async () => {
    const { code, result, told } = await demo(['--fault', 'promote=error']);
    expect(code, told).toBe(0);
    expect(result.runs[0].outcome).toBe('aborted');
    expect(result.world.changes['rds:PromoteReadReplica']).toBeUndefined();
    expect(result.world.changes['route53:ChangeResourceRecordSets']).toBeUndefined();
    expect(result.runs[0].notTouched).toContain('route53:Z1234567890:api.omnimesh.com');
    expect(told).toContain('What failed: Promote the database replica');
    expect(result.statusPageUpdates.map((update: { status: string }) => update.status)).not.toContain('resolved');
    expect(result.stakeholderMessages).toHaveLength(12);
  });

  it('looks instead of repeating when the promote is never answered (B18)', async () => {
    const { code, result, told } = await demo(['--fault', 'promote=timeout']);
    expect(code, told).toBe(0);
    expect(result.runs[0].outcome).toBe('succeeded');
    expect(result.world.changes['rds:PromoteReadReplica']).toBe(1);
  });

  it('waits for what is slow', async () => {
    const { code, result, told } = await demo(['--fault', 'grow-cache=slow', '--speed', '40']);
    expect(code, told).toBe(0);
    expect(result.runs[0].outcome).toBe('succeeded');
    expect(result.runs[0].criticalPathSeconds).toBeGreaterThan(800);
  });

  it('plays a made-up plan with other names, Regions and counts', async () => {
    const { code, result, told } = await demo(['--plan', 'bakery', '--speed', '20'], {
      MAYDAY_PLANS: 'test/end-to-end/plans',
    });
    expect(code, told).toBe(0);
    expect(result.runs.map((run: { outcome: string }) => run.outcome)).toEqual(['succeeded', 'succeeded']);
    expect(result.world.changes['kubernetes:PatchDeploymentScale']).toBe(4);
  });
});
