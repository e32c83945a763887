import { MaydayError } from '../errors.ts';
import { openSurroundings } from '../launch.ts';
import { startMayday } from '../main.ts';
import { openOffline } from './offline.ts';
import { lintPlan, lintWording } from './plan-lint.ts';

/** Runs until SIGTERM or SIGINT; what is under way is recorded, nothing new starts, and it is gone within 10 s. */
export const start = async (options: { speed: string; worldStart?: string }): Promise<void> => {
  const speed = Number(options.speed);
  if (!(speed > 0))
    throw new MaydayError(
      'input/invalid',
      `--speed ${options.speed} is no factor; expected a number above 0, such as 10.`,
    );
  // Before anything is opened: what would stop a run at three in the morning stops the start now, with its line.
  const offline = openOffline();
  const faults = [
    ...lintWording(offline),
    ...offline.files().flatMap((file) => lintPlan(file, offline, 'usual').faults),
  ];
  if (faults.length > 0) throw new MaydayError('plan/invalid', `${faults.join('\n')}\nNothing was started.`);
  const surroundings = await openSurroundings(process.env, { speed, start: options.worldStart });
  const { sandbox } = surroundings;
  let mayday: Awaited<ReturnType<typeof startMayday>> | undefined;
  let stopping = false;
  const stop = async (code: number) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(code), 9_500).unref();
    await mayday?.close();
    await surroundings.close();
    process.exit(code);
  };
  process.on('SIGTERM', () => void stop(0));
  process.on('SIGINT', () => void stop(0));
  try {
    mayday = await startMayday(surroundings.environment, surroundings.databaseUrl);
    if (sandbox) {
      await fetch(`${sandbox.controlUrl}/slack/bot`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ url: mayday.slackUrl }),
      });
      process.stdout.write(
        [
          `Open ${sandbox.workspaceUrl} in your browser: a workspace to try Mayday in.`,
          '',
          'No tokens are set, so this is a rehearsal against the sandbox; nothing outside this machine is touched.',
          `  world      ${options.speed} times as fast as life${sandbox.adopted ? ', taken up from before' : ''}`,
          `  status     ${sandbox.workspaceUrl}/status (the page that customers see)`,
          `  control    ${sandbox.controlUrl} (the same by curl: POST /slack/command {"user","channel","command","text"})`,
          `  bot        ${mayday.slackUrl ?? 'Socket Mode'}`,
          `  health     ${mayday.webUrl}/health`,
          ...(process.env['DATABASE_URL']
            ? ['  DATABASE_URL is set but not used: a rehearsal has a database of its own.']
            : []),
          'README.md says how to connect a real Slack workspace. Ctrl-C ends it.',
          '',
        ].join('\n'),
      );
    } else
      process.stdout.write(
        `Mayday is ready. Slack: ${mayday.slackUrl ?? 'Socket Mode'}. Health: ${mayday.webUrl}/health.\n`,
      );
    process.stdout.write(
      `${JSON.stringify({ ready: true, workspaceUrl: sandbox?.workspaceUrl, controlUrl: sandbox?.controlUrl, slackUrl: mayday.slackUrl, webUrl: mayday.webUrl })}\n`,
    );
  } catch (error) {
    await surroundings.close();
    throw error;
  }
};
