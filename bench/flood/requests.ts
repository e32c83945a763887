import { createHmac } from 'node:crypto';

/** How often each kind comes, of a hundred. What is signed needs the secret, so there is little of it. */
const signedShare = 5;

export interface Request {
  what: string;
  bytes: Buffer;
}

const form = 'application/x-www-form-urlencoded';
const seconds = () => Math.floor(Date.now() / 1000);
let number = 0;
const id = () => {
  number += 1;
  return `flood.${process.pid}.${number}`;
};

const sign = (secret: string, body: string, timestamp: string, version = 'v0') =>
  `${version}=${createHmac('sha256', secret).update(`${version}:${timestamp}:${body}`).digest('hex')}`;

const person = (team = 'T0SANDBOX') => ({ user: { id: 'U0ADA0001', team_id: team }, team: { id: team } });
const payload = (body: object) => new URLSearchParams({ payload: JSON.stringify(body) }).toString();

/** Every way in: a command, a click, a form, a shortcut, an event. */
const ways: Record<string, (team?: string) => string> = {
  command: (team = 'T0SANDBOX') =>
    new URLSearchParams({
      command: '/failover',
      text: 'mill-1 door it squeaks',
      user_id: 'U0ADA0001',
      user_name: 'ada',
      team_id: team,
      channel_id: 'C0GENERAL',
      trigger_id: id(),
    }).toString(),
  click: (team) =>
    payload({
      type: 'block_actions',
      ...person(team),
      trigger_id: id(),
      actions: [{ type: 'button', action_id: 'run:approve', block_id: 'b', value: 'r-nosuchid|x' }],
    }),
  form: (team) =>
    payload({
      type: 'view_submission',
      ...person(team),
      trigger_id: id(),
      view: {
        id: 'V1',
        callback_id: 'run:reject-reason',
        private_metadata: 'r-nosuchid',
        blocks: [],
        state: { values: {} },
      },
    }),
  shortcut: (team) => payload({ type: 'shortcut', ...person(team), callback_id: 'command:failover', trigger_id: id() }),
  event: (team = 'T0SANDBOX') =>
    JSON.stringify({
      type: 'event_callback',
      team_id: team,
      event_id: id(),
      event: {
        type: 'app_mention',
        user: 'U0ADA0001',
        channel: 'C0GENERAL',
        ts: '1.1',
        text: 'failover mill-1 door x',
      },
    }),
};

const typeOf = (body: string) => (body.startsWith('{') ? 'application/json' : form);

const bytesOf = (
  what: string,
  body: string,
  headers: Record<string, string>,
  more: { type?: string; line?: string } = {},
): Request => ({
  what,
  bytes: Buffer.from(
    [
      more.line ?? 'POST /slack/events HTTP/1.1',
      'Host: mayday',
      `Content-Type: ${more.type ?? typeOf(body)}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      body,
    ].join('\r\n'),
  ),
});

const signed = (secret: string, body: string, timestamp = String(seconds()), version = 'v0') => ({
  'X-Slack-Request-Timestamp': timestamp,
  'X-Slack-Signature': sign(secret, body, timestamp, version),
});

/** Requests that nobody who has not the secret can better: for each way in, each fault. Good for as long as they are wrong. */
export const unproven = (secret: string): Request[] =>
  Object.entries(ways).flatMap(([way, make]) => {
    const body = make();
    const at = (timestamp: string, version?: string) => signed(secret, body, timestamp, version);
    return [
      bytesOf(`1 no signature, ${way}`, body, {}),
      bytesOf(`1 no timestamp, ${way}`, body, { 'X-Slack-Signature': sign(secret, body, '0') }),
      bytesOf(`2 wrong signature, ${way}`, body, {
        ...at(String(seconds())),
        'X-Slack-Signature': `v0=${'0'.repeat(64)}`,
      }),
      bytesOf(`2 signed with another key, ${way}`, body, signed('another', body)),
      bytesOf(`2 signed for other bytes, ${way}`, body, signed(secret, `${body} `)),
      bytesOf(`3 version v1, ${way}`, body, at(String(seconds()), 'v1')),
      bytesOf(`4 old, ${way}`, body, at(String(seconds() - 400))),
      bytesOf(`5 from the future, ${way}`, body, at(String(seconds() + 900))),
      ...['NaN', '1e10', '-5'].map((each) => bytesOf(`6 timestamp ${each}, ${way}`, body, at(each))),
      bytesOf(`12 content type, ${way}`, body, at(String(seconds())), { type: 'text/xml' }),
      bytesOf(`another method, ${way}`, body, {}, { line: 'PUT /slack/events HTTP/1.1' }),
      bytesOf(`another path, ${way}`, body, {}, { line: 'POST /slack/commands HTTP/1.1' }),
    ];
  });

/** A body larger than is read; the connection ends with it. */
export const oversized = (secret: string): Request => {
  const body = `text=${'x'.repeat(1_100_000)}`;
  return bytesOf('10 too large', body, signed(secret, body));
};

/** Requests that Slack would have signed, had it sent such; signed anew each second, for a signature grows old. */
export const proven = (secret: string, replayed: string): Request[] => {
  const good = (what: string, body: string) => bytesOf(what, body, signed(secret, body));
  return [
    good('7 a replay', replayed),
    good('8 a certificate check with a command', `ssl_check=1&${ways['command']!()}`),
    good('11 a field twice', `${ways['command']!()}&text=x`),
    good('11 payload twice', `${ways['click']!()}&payload=%7B%7D`),
    good('33 __proto__', `${ways['command']!()}&__proto__=x`),
    good('JSON that is no object', '{"a":'),
    good('no shape of Slack', payload({ type: 'block_actions' })),
    ...Object.entries(ways).map(([way, make]) => good(`13 another workspace, ${way}`, make('T0ELSEWHERE'))),
    good('23 a forged value', ways['click']!()),
  ];
};

/** Goes round both lists, so that each fault comes as often as the next. */
export const createMix = (secret: string, replayed: string) => {
  const bad = unproven(secret);
  let fresh: Request[] = [];
  let madeAt = 0;
  let turn = 0;
  const next = (): Request => {
    turn += 1;
    if (turn % Math.round(100 / signedShare) !== 0) return bad[turn % bad.length]!;
    if (seconds() !== madeAt || fresh.length === 0) {
      fresh = proven(secret, replayed);
      madeAt = seconds();
    }
    return fresh.shift()!;
  };
  return { next, kinds: new Set([...bad, ...proven(secret, replayed)].map(({ what }) => what)).size };
};

/** One good command, so that there is something to replay. */
export const goodCommand = (): string =>
  new URLSearchParams({
    command: '/dr',
    text: 'help',
    user_id: 'U0ADA0001',
    user_name: 'ada',
    team_id: 'T0SANDBOX',
    channel_id: 'C0GENERAL',
    trigger_id: id(),
  }).toString();
export const asRequest = (secret: string, body: string): Request => bytesOf('good', body, signed(secret, body));
