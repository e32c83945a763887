import type { SandboxContext } from '../part.ts';
import type { RedisGroup, RedisNode } from './group.ts';
import type { Connection, Reply } from './resp-server.ts';

const ok: Reply = { simple: 'OK' };

/** What nodes and Sentinels have in common. Nothing: it is not one of these. */
const common = (words: string[], connection: Connection, password: string | undefined): Reply | undefined => {
  const [name = '', ...rest] = words;
  const command = name.toUpperCase();
  if (command === 'AUTH') {
    if (password === undefined)
      return {
        error:
          'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
      };
    const [user, given] = rest.length === 1 ? ['default', rest[0]] : rest;
    if (user !== 'default' || given !== password)
      return { error: 'WRONGPASS invalid username-password pair or user is disabled.' };
    connection.signedIn = true;
    return ok;
  }
  if (command === 'HELLO')
    return rest[0] === undefined || rest[0] === '2'
      ? ['server', 'redis', 'version', '7.0.15', 'proto', 2]
      : { error: 'NOPROTO unsupported protocol version' };
  if (password !== undefined && !connection.signedIn) return { error: 'NOAUTH Authentication required.' };
  if (command === 'PING') return rest.length === 0 ? { simple: 'PONG' } : rest[0]!;
  if (command === 'CLIENT') {
    if (rest[0]?.toUpperCase() === 'SETNAME') return ok;
    // Redis 7.0 does not know SETINFO yet, and clients live with that.
    return { error: `ERR unknown subcommand '${rest[0]}'. Try CLIENT HELP.` };
  }
  if (command === 'QUIT') return ok;
  return undefined;
};

const unknown = ([name = '', ...rest]: string[]): Reply => ({
  error: `ERR unknown command '${name}', with args beginning with: ${rest.map((word) => `'${word}' `).join('')}`,
});
const wrongNumber = (name: string): Reply => ({
  error: `ERR wrong number of arguments for '${name.toLowerCase()}' command`,
});

export const answerNode = async (
  context: SandboxContext,
  group: RedisGroup,
  node: RedisNode,
  password: string | undefined,
  words: string[],
  connection: Connection,
): Promise<Reply> => {
  const [name = '', ...rest] = words;
  const command = name.toUpperCase();
  const isAllowed = password === undefined || connection.signedIn;
  if (command === 'CLIENT' && /^(un)?pause$/i.test(rest[0] ?? '') && isAllowed)
    return pause(context, group, node, rest);
  const known = common(words, connection, password);
  if (known !== undefined) return known;
  if (command === 'SET' || command === 'DEL')
    while (node.pausedUntil > context.clock.now().getTime()) await context.clock.sleep(0.2);
  const master = group.current();
  const isMaster = node.role === 'master';
  const replicas = group.nodes.filter((each) => each.online);
  const now = context.clock.now().getTime();
  if (command === 'ROLE')
    return isMaster
      ? ['master', group.offset(), replicas.map((each) => ['127.0.0.1', String(each.port), String(group.offset())])]
      : ['slave', '127.0.0.1', master.port, node.online ? 'connected' : 'connect', node.online ? group.offset() : -1];
  if (command === 'INFO') {
    const lines = isMaster
      ? [
          `connected_slaves:${replicas.length}`,
          ...replicas.map(
            (each, at) => `slave${at}:ip=127.0.0.1,port=${each.port},state=online,offset=${group.offset()},lag=0`,
          ),
        ]
      : [
          'master_host:127.0.0.1',
          `master_port:${master.port}`,
          `master_link_status:${node.online ? 'up' : 'down'}`,
          'slave_read_only:1',
        ];
    return ['# Replication', `role:${node.role}`, ...lines, `master_repl_offset:${group.offset()}`, ''].join('\r\n');
  }
  if (command === 'SET') {
    if (rest.length < 2) return wrongNumber(name);
    if (!isMaster) return { error: "READONLY You can't write against a read only replica." };
    const [key = '', value = '', option, figure] = rest;
    if (option !== undefined && option.toUpperCase() !== 'EX') return { error: 'ERR syntax error' };
    if (option !== undefined && !(Number(figure) > 0)) return { error: "ERR invalid expire time in 'set' command" };
    const until = option === undefined ? undefined : now + Number(figure) * 1000;
    for (const each of [node, ...replicas]) each.data.set(key, { value, until });
    return ok;
  }
  if (command === 'GET') {
    if (rest.length !== 1) return wrongNumber(name);
    const found = node.data.get(rest[0]!);
    return found && (found.until === undefined || found.until > now) ? found.value : null;
  }
  if (command === 'DEL') {
    if (rest.length === 0) return wrongNumber(name);
    if (!isMaster) return { error: "READONLY You can't write against a read only replica." };
    const found = rest.filter((key) => node.data.has(key));
    for (const each of [node, ...replicas]) for (const key of found) each.data.delete(key);
    return found.length;
  }
  return unknown(words);
};

const pause = (context: SandboxContext, group: RedisGroup, node: RedisNode, words: string[]): Reply => {
  const [deed = '', milliseconds, mode = 'ALL'] = words;
  const begins = deed.toUpperCase() === 'PAUSE';
  if (begins && !(Number(milliseconds) >= 0)) return { error: 'ERR timeout is not an integer or out of range' };
  if (begins && !/^(write|all)$/i.test(mode)) return { error: 'ERR CLIENT PAUSE mode must be WRITE or ALL' };
  const change = begins ? 'redis:ClientPause' : 'redis:ClientUnpause';
  const { visible } = context.ledger.accept(change, group.resource, { node: node.name });
  node.pausedUntil = begins ? context.clock.now().getTime() + Number(milliseconds) : 0;
  visible();
  return ok;
};

export const answerSentinel = (
  context: SandboxContext,
  groups: RedisGroup[],
  sentinels: number[],
  password: string | undefined,
  words: string[],
  connection: Connection,
): Reply => {
  const known = common(words, connection, password);
  if (known !== undefined) return known;
  const [name = '', ...rest] = words;
  const command = name.toUpperCase();
  if (command === 'SUBSCRIBE') {
    for (const channel of rest) connection.channels.add(channel);
    for (const channel of rest.slice(0, -1)) connection.send(['subscribe', channel, connection.channels.size]);
    return ['subscribe', rest.at(-1) ?? null, connection.channels.size];
  }
  if (command === 'INFO') return `# Sentinel\r\nsentinel_masters:${groups.length}\r\n`;
  if (command === 'ROLE') return ['sentinel', groups.map(({ master }) => master)];
  if (command !== 'SENTINEL') return unknown(words);
  const [sub = '', master] = rest;
  const deed = sub.toUpperCase();
  if (deed === 'MASTERS') return groups.map((group) => describeMaster(group, sentinels));
  const group = groups.find((each) => each.master === master);
  if (deed === 'GET-MASTER-ADDR-BY-NAME') return group ? ['127.0.0.1', String(group.current().port)] : null;
  if (!['MASTER', 'REPLICAS', 'SLAVES', 'SENTINELS', 'FAILOVER', 'CKQUORUM'].includes(deed))
    return { error: `ERR Unknown sentinel subcommand '${sub}'` };
  if (!group) {
    context.ledger.refuse(`redis:Sentinel ${deed}`, 'ERR', 'Redis Sentinel commands');
    return { error: 'ERR No such master with that name' };
  }
  if (deed === 'MASTER') return describeMaster(group, sentinels);
  if (deed === 'CKQUORUM')
    return { simple: `OK ${sentinels.length} usable Sentinels. Quorum and failover authorization can be reached` };
  if (deed === 'SENTINELS')
    return sentinels.slice(1).map((port) => ['name', `sentinel-${port}`, 'ip', '127.0.0.1', 'port', String(port)]);
  if (deed === 'FAILOVER') {
    const refused = group.failOver(() => entry?.visible());
    if (refused) {
      context.ledger.refuse('redis:SentinelFailover', refused, 'Redis Sentinel, SENTINEL FAILOVER');
      return {
        error:
          refused === 'INPROG' ? 'INPROG Failover already in progress' : 'NOGOODSLAVE No suitable replica to promote',
      };
    }
    const entry = context.ledger.accept('redis:SentinelFailover', group.resource);
    return ok;
  }
  return group.nodes
    .filter((node) => node !== group.monitored())
    .map((node) => [
      'name',
      `127.0.0.1:${node.port}`,
      'ip',
      '127.0.0.1',
      'port',
      String(node.port),
      'flags',
      node.alive ? 'slave' : 's_down,slave,disconnected',
      'master-link-status',
      node.online ? 'ok' : 'err',
    ]);
};

const describeMaster = (group: RedisGroup, sentinels: number[]): string[] => [
  'name',
  group.master,
  'ip',
  '127.0.0.1',
  'port',
  String(group.monitored().port),
  'flags',
  group.flags().join(','),
  'role-reported',
  'master',
  'role-reported-time',
  String(Math.round(group.ageMilliseconds())),
  'config-epoch',
  String(group.epoch),
  'num-slaves',
  String(group.nodes.length - 1),
  'num-other-sentinels',
  String(sentinels.length - 1),
  'quorum',
  String(Math.floor(sentinels.length / 2) + 1),
];
