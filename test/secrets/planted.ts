import { randomBytes } from 'node:crypto';

/** One of each kind, made up anew for each run of the test, and written so that no scanner takes this file for a leak. */
export const plantSecrets = (settings: Record<string, string>): { kind: string; text: string; needle: string }[] => {
  const hex = (bytes: number) => randomBytes(bytes).toString('hex');
  const capitals = (count: number) =>
    Array.from(randomBytes(count), (each) => 'ABCDEFGHJKLMNPQRSTUVWXYZ234567'[each % 30]).join('');
  const word = (name: string, ...parts: string[]) => ({ kind: name, text: parts.join(''), needle: parts.at(-1)! });
  const own = [
    'SLACK_BOT_TOKEN',
    'SLACK_SIGNING_SECRET',
    'PAGERDUTY_API_TOKEN',
    'STATUSPAGE_API_KEY',
    'VAULT_HOOK_SECRET',
  ];
  const password = new URL(settings['DATABASE_URL']!).password;
  return [
    word('AWS access key', 'AK', 'IA', capitals(16)),
    word('AWS secret key', `aB3${hex(18).slice(0, 36)}/`),
    word('Slack bot token', 'xo', 'xb-', `1234567890-${hex(8)}`),
    word('Slack app token', 'xa', 'pp-', `1-A0${hex(8)}`),
    word('Slack webhook', 'https://hooks.slack.com/serv', 'ices/T00/B00/', hex(12)),
    word('PagerDuty token of a person', 'u', '+', `${hex(9)}`),
    word('PagerDuty token of an account', 'y', '_', `${hex(9)}`),
    word('JWT', 'eyJ', `hbGciOiJIUzI1NiJ9.eyJ${hex(10)}.`, hex(16)),
    (() => {
      const secret = `pW-${hex(6)}`;
      return { kind: 'connection string', text: `postgres://app:${secret}@db.example/orders`, needle: secret };
    })(),
    (() => {
      const body = hex(24);
      const kind = 'RSA PRIVATE KEY';
      return { kind: 'private key', text: `-----BEGIN ${kind}-----\n${body}\n-----END ${kind}-----`, needle: body };
    })(),
    word('GitHub token', 'gh', 'p_', hex(18)),
    word('a word that says so', 'password=', hex(7)),
    ...own.map((name) => ({ kind: `the bot's own ${name}`, text: settings[name]!, needle: settings[name]! })),
    ...(password === '' ? [] : [{ kind: "the database's password", text: password, needle: password }]),
  ];
};
