import { expect, it } from 'vitest';
import { mayday } from '../support/mayday-command.ts';

const rehearse = async (...args: string[]) => {
  const line = [
    'plan',
    'rehearse',
    'bakery',
    'failover',
    'shopfront',
    '--speed',
    '40',
    '--down',
    'none',
    '--json',
    ...args,
  ];
  const { code, stdout, stderr } = await mayday(line, { MAYDAY_PLANS: 'test/end-to-end/plans' });
  return { code, told: stderr, report: JSON.parse(stdout.trim().split('\n').at(-1) || '{}') };
};

it('B19: a rehearsal ends well although the bot is killed in the middle of a step, and each change is made once', {
  timeout: 300_000,
}, async () => {
  const { code, told, report } = await rehearse('--fault', 'turn-sign=crash');
  expect(code, told).toBe(0);
  expect(told).toMatch(/killed/);
  expect(report).toMatchObject({ plan: 'bakery', flow: 'failover', scope: 'shopfront', outcome: 'succeeded' });
  expect(report.changes['route53:ChangeResourceRecordSets']).toBe(1);
  expect(report.changes['kubernetes:PatchDeploymentScale']).toBe(2);
});

it('B19: a step that is slow is on the critical path of the report, with its time', {
  timeout: 300_000,
}, async () => {
  const { code, told, report } = await rehearse('--fault', 'more-tills=slow');
  expect(code, told).toBe(0);
  expect(report.outcome).toBe('succeeded');
  // Both deployments are scaled by one operation, which is what the fault slows.
  expect(report.criticalPath.path.some((id: string) => id.startsWith('more-'))).toBe(true);
  // A pod takes 45 s and more, and five times as long here.
  expect(report.criticalPath.seconds).toBeGreaterThan(200);
  expect(report.rtoSeconds).toBeGreaterThan(report.criticalPath.seconds);
});
