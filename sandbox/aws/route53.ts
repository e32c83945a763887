import { randomBytes } from 'node:crypto';
import type { SandboxContext } from '../part.ts';
import { AwsError } from './aws-error.ts';
import type { AwsRequest, AwsService } from './aws-request.ts';
import type { HealthChecks } from './health-checks.ts';
import { dotted, type HostedZone, type HostedZones, type RecordChange, type RecordSet } from './hosted-zones.ts';
import { readXml, writeXml, type XmlElement, type XmlNode } from './xml.ts';

const namespace = ' xmlns="https://route53.amazonaws.com/doc/2013-04-01/"';

/** Route 53's REST API. `propagated` calls back when every resolver of the world gives a name's new answer. */
export const createRoute53 = (
  context: SandboxContext,
  zones: HostedZones,
  health: HealthChecks,
  propagated: (names: string[], done: () => void) => void,
): AwsService => {
  const pending = new Map<string, { submittedAt: Date; inSync: boolean }>();

  const list = (zone: HostedZone, request: AwsRequest): XmlNode => {
    const name = request.query.get('name');
    const type = request.query.get('type');
    const most = Number(request.query.get('maxitems') ?? 300);
    const sets = [...zone.sets]
      .sort((one, other) => orderOf(one).localeCompare(orderOf(other)))
      .filter((set) => !name || orderOf(set) >= `${dotted(name)} ${type ?? ''}`);
    return {
      ResourceRecordSets: { ResourceRecordSet: sets.slice(0, most).map(writeSet) },
      IsTruncated: sets.length > most,
      NextRecordName: sets[most]?.name,
      NextRecordType: sets[most]?.type,
      NextRecordIdentifier: sets[most]?.setIdentifier,
      MaxItems: most,
    };
  };

  const change = (zone: HostedZone, body: Buffer): XmlNode => {
    const changes = readBatch(body);
    const id = `C${randomBytes(10).toString('hex').toUpperCase()}`;
    const entry = { submittedAt: context.clock.now(), inSync: false };
    const names = [...new Set(changes.map(({ set }) => set.name))];
    let visible = () => {};
    zones.change(zone, changes, () => {
      entry.inSync = true;
      propagated(names, () => visible());
    });
    // One batch is one change of the world, whatever number of records it holds.
    const accepted = context.ledger.accept(
      'route53:ChangeResourceRecordSets',
      `route53:${zone.id}:${names.map((name) => name.replace(/\.$/, '')).join(',')}`,
      {
        changes: changes.map(({ action, set }) => ({
          action,
          value: set.alias ? [set.alias.dnsName] : set.values,
          weight: set.weight,
          failover: set.failover,
        })),
      },
    );
    visible = accepted.visible;
    pending.set(id, entry);
    return describeChange(id);
  };

  const describeChange = (id: string): XmlNode => {
    const entry = pending.get(id);
    if (!entry)
      throw new AwsError('NoSuchChange', `Could not find resource with ID: ${id}`, 404, 'Route 53 API, NoSuchChange');
    return {
      ChangeInfo: { Id: `/change/${id}`, Status: entry.inSync ? 'INSYNC' : 'PENDING', SubmittedAt: entry.submittedAt },
    };
  };

  const healthStatus = (id: string): XmlNode => ({
    HealthCheckObservations: {
      HealthCheckObservation: health.observations(id).map(({ region, address, healthy, at }) => ({
        Region: region,
        IPAddress: address,
        StatusReport: {
          Status: healthy
            ? 'Success: HTTP Status Code 200, OK'
            : 'Failure: Connection timed out. The endpoint or the internet connection is down, or requests are being blocked by your firewall.',
          CheckedTime: at,
        },
      })),
    },
  });

  const operationOf = (request: AwsRequest): { name: string; id: string } | undefined => {
    const [, check] = /^\/2013-04-01\/healthcheck\/([^/]+)\/status\/?$/.exec(request.path) ?? [];
    if (check && request.method === 'GET') return { name: 'GetHealthCheckStatus', id: check };
    const [, kind, id = '', sub] = /^\/2013-04-01\/(hostedzone|change)\/([^/]+)(\/rrset)?\/?$/.exec(request.path) ?? [];
    if (kind === 'change' && request.method === 'GET') return { name: 'GetChange', id };
    if (kind !== 'hostedzone') return undefined;
    if (sub) return { name: request.method === 'POST' ? 'ChangeResourceRecordSets' : 'ListResourceRecordSets', id };
    return request.method === 'GET' ? { name: 'GetHostedZone', id } : undefined;
  };

  return {
    name: 'route53',
    global: true,
    callName: (request) => `route53:${operationOf(request)?.name ?? '?'}`,
    refusal: (request, code, message) =>
      writeXml(
        'ErrorResponse',
        { Error: { Type: 'Sender', Code: code, Message: message }, RequestId: request.requestId },
        namespace,
      ),
    async answer(request) {
      const operation = operationOf(request);
      if (!operation)
        throw new AwsError('InvalidAction', 'No such operation', 400, 'the sandbox does not have this operation');
      const { name, id } = operation;
      const result = (() => {
        if (name === 'GetChange') return describeChange(id);
        if (name === 'GetHealthCheckStatus') return healthStatus(id);
        const zone = zones.find(id);
        if (name === 'ListResourceRecordSets') return list(zone, request);
        if (name === 'ChangeResourceRecordSets') return change(zone, request.body);
        return {
          HostedZone: {
            Id: `/hostedzone/${zone.id}`,
            Name: zone.name,
            CallerReference: 'sandbox',
            ResourceRecordSetCount: zone.sets.length,
          },
          DelegationSet: { NameServers: { NameServer: ['ns-1.sandbox.test'] } },
        };
      })();
      return { headers: { 'content-type': 'text/xml' }, body: writeXml(`${name}Response`, result, namespace) };
    },
  };
};

const orderOf = (set: RecordSet) => `${set.name} ${set.type} ${set.setIdentifier ?? ''}`;

const writeSet = (set: RecordSet): XmlNode => ({
  Name: set.name,
  Type: set.type,
  SetIdentifier: set.setIdentifier,
  Weight: set.weight,
  Failover: set.failover,
  TTL: set.ttlSeconds,
  ResourceRecords: set.alias ? undefined : { ResourceRecord: set.values.map((Value) => ({ Value })) },
  AliasTarget: set.alias && {
    HostedZoneId: set.alias.hostedZone,
    DNSName: set.alias.dnsName,
    EvaluateTargetHealth: set.alias.evaluateTargetHealth,
  },
  HealthCheckId: set.healthCheckId,
});

const readBatch = (body: Buffer): RecordChange[] => {
  const malformed = (message: string) => new AwsError('InvalidInput', message, 400, 'Route 53 API, ChangeBatch');
  let root: XmlElement;
  try {
    root = readXml(body.toString('utf8'));
  } catch (error) {
    throw malformed(String(error));
  }
  const changes = root.child('ChangeBatch')?.child('Changes')?.all('Change') ?? [];
  if (changes.length === 0) throw malformed('A batch needs at least one change.');
  return changes.map((change) => {
    const action = change.value('Action') ?? '';
    if (!['CREATE', 'UPSERT', 'DELETE'].includes(action)) throw malformed(`Unknown action ${action}`);
    const set = change.child('ResourceRecordSet');
    const [name, type] = [set?.value('Name'), set?.value('Type')];
    const values =
      set
        ?.child('ResourceRecords')
        ?.all('ResourceRecord')
        .map((record) => record.value('Value') ?? '') ?? [];
    const target = set?.child('AliasTarget');
    if (!set || !name || !type || (values.length === 0 && !target))
      throw malformed('A record set needs a name, a type and values.');
    const weight = set.value('Weight');
    if (weight !== undefined && !(Number(weight) >= 0 && Number(weight) <= 255)) {
      throw malformed(`Weight ${weight} is not between 0 and 255.`);
    }
    const ttl = set.value('TTL');
    if (target && (ttl !== undefined || values.length > 0))
      throw malformed('Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]].');
    const [hostedZone, dnsName] = [target?.value('HostedZoneId'), target?.value('DNSName')];
    if (target && (!hostedZone || !dnsName)) throw malformed('An alias needs HostedZoneId and DNSName.');
    const failover = set.value('Failover');
    if (failover !== undefined && failover !== 'PRIMARY' && failover !== 'SECONDARY')
      throw malformed(`Failover ${failover} is not PRIMARY or SECONDARY.`);
    if (!target && ttl === undefined) throw malformed('A record set that is no alias needs a TTL.');
    return {
      action,
      set: {
        name: dotted(name),
        type,
        ttlSeconds: ttl === undefined ? undefined : Number(ttl),
        values,
        setIdentifier: set.value('SetIdentifier'),
        weight: weight === undefined ? undefined : Number(weight),
        failover,
        healthCheckId: set.value('HealthCheckId'),
        ...(hostedZone &&
          dnsName && {
            alias: {
              hostedZone,
              dnsName: dotted(dnsName),
              evaluateTargetHealth: target?.value('EvaluateTargetHealth') === 'true',
            },
          }),
      },
    };
  });
};
