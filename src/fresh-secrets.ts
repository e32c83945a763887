import { type Environment, readSettings, type Settings } from './config.ts';
import type { Log } from './define.ts';
import { messageOf } from './errors.ts';
import { hideSettings } from './known-secrets.ts';
import { markOfSecretFiles, secretNames } from './secret-files.ts';

export interface FreshSecrets {
  /** The signing secret of before, for as long as requests that were signed with it may still arrive. */
  formerSigningSecret(): string | undefined;
  /** Reads everything again now. */
  reload(): void;
  stop(): void;
}

/** How often the files are looked at: a secret that was replaced is refused by its service from then on. */
const lookMilliseconds = 2_000;
/** Slack's own window for a signature: what it signed before the change is too old by then. */
const formerMilliseconds = 300_000;

/**
 * Puts into the settings what the secrets' files hold, whenever they change, and at SIGHUP. Clients read their token
 * from the settings at each call, so nothing is started again and a run that is under way goes on. What cannot be used
 * changes nothing: the secrets of before stay, and the log says why.
 */
export const keepSecretsFresh = (
  environment: Environment,
  settings: Settings,
  { log, wallNow }: { log: Log; wallNow(): Date },
): FreshSecrets => {
  let mark = markOfSecretFiles(environment);
  hideHeld(settings);
  let former: { secret: string; until: number } | undefined;

  const reload = () => {
    mark = markOfSecretFiles(environment);
    let read: Settings;
    try {
      read = readSettings(environment);
    } catch (error) {
      log.warn({}, `secrets could not be read anew, so those of before stay in use: ${messageOf(error)}`);
      return;
    }
    const before = settings.slack.SLACK_SIGNING_SECRET;
    const changed = secretNames.filter((name) => replace(settings, read, name));
    hideHeld(settings);
    if (changed.includes('SLACK_SIGNING_SECRET'))
      former = { secret: before, until: wallNow().getTime() + formerMilliseconds };
    if (changed.length > 0) log.info({ settings: changed }, 'secrets were read anew and are in use');
  };
  const timer = setInterval(() => {
    if (markOfSecretFiles(environment) !== mark) reload();
  }, lookMilliseconds);
  timer.unref();
  process.on('SIGHUP', reload);
  return {
    reload,
    formerSigningSecret() {
      if (former && wallNow().getTime() >= former.until) former = undefined;
      return former?.secret;
    },
    stop() {
      clearInterval(timer);
      process.off('SIGHUP', reload);
    },
  };
};

/** What came from files is taken out of everything that is written and said, as what stands in the environment is. */
const hideHeld = (settings: Settings): void => {
  for (const section of Object.values(settings) as unknown[])
    if (typeof section === 'object' && section !== null)
      hideSettings(
        Object.fromEntries(
          Object.entries(section).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
        ),
      );
};

/** Puts one setting's new value in place wherever systems hold it, and says whether it is another one. */
const replace = (settings: Settings, read: Settings, name: string): boolean => {
  let isAnother = false;
  for (const [section, value] of Object.entries(read) as [keyof Settings, unknown][]) {
    const held = settings[section];
    if (typeof value !== 'object' || value === null || typeof held !== 'object' || held === null) continue;
    const [from, to] = [value, held] as unknown as Record<string, unknown>[];
    if (!from || !to || !Object.hasOwn(from, name) || from[name] === to[name]) continue;
    to[name] = from[name];
    isAnother = true;
  }
  return isAnother;
};
