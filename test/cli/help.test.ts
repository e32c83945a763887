import { expect, test } from 'vitest';
import { mayday } from '../support/mayday-command.ts';

const commands = [
  'start',
  'demo',
  'plan lint',
  'plan show',
  'plan graph',
  'run list',
  'run show',
  'approve',
  'audit verify',
  'audit export',
  'manifest',
  'doctor',
];

test.each(commands)('the help of %s says what it does and gives an example', async (command) => {
  const { code, stdout } = await mayday([...command.split(' '), '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain(`mayday ${command}`);
  expect(stdout).toMatch(/Examples:\n {2}\$ .+/);
});

test('the help lists every command', async () => {
  const { code, stdout } = await mayday(['--help']);
  expect(code).toBe(0);
  for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command.split(' ')[0]}\\b`, 'm'));
});

test('a command that there is not is refused, and the help is named', async () => {
  const { code, stderr } = await mayday(['failover']);
  expect(code).not.toBe(0);
  expect(stderr).toContain('--help');
});
