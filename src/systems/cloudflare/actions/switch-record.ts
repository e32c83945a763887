import { z } from 'zod';
import { defineAction, type LookContext, type StepContext } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { curlLine } from '../../curl-line.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Cloudflare, CloudflareRecord } from '../client.ts';

const input = z.strictObject({
  zone: z.string(),
  name: z.string(),
  type: z.string(),
  ttlSeconds: z.int().positive(),
  proxied: z.boolean(),
  to: z.string(),
  values: z.record(z.string(), z.string()),
  account: z.string().optional(),
});
type Given = z.infer<typeof input>;

/** Leads a name at Cloudflare to another place. Resolvers may answer the old value for its time to live. */
export const switchRecord = (cloudflare: Cloudflare) => {
  const list = ({ zone, name, type }: Given, context: LookContext) =>
    cloudflare.list(zone, name, type, lookSignal(context));
  const change = async (given: Given, value: string, context: StepContext) => {
    const [record, ...more] = await list(given, context);
    if (!record || more.length > 0)
      throw new MaydayError(
        'system/refused',
        `${given.name} has no longer exactly one ${given.type} record; nothing was changed`,
      );
    const body = { content: value, ttl: ttlOf(given), proxied: given.proxied };
    await cloudflare.change(given.zone, record.id, body, await context.beforeChange());
    return { seen: `Cloudflare took ${value} for ${given.name}` };
  };

  return defineAction({
    name: 'cloudflare/switch-record',
    version: 1,
    summary: 'Send a DNS name at Cloudflare to another place',
    effect: 'change',
    with: z.strictObject({ component: z.string(), to: z.string() }),
    resolve(written, plan) {
      const { at, settings, name } = plan.component(written.component, 'cloudflare-record');
      const values = at as Record<string, string>;
      if (values[written.to] === undefined) {
        throw new Error(`component ${name} has no value in ${written.to}; it has ${Object.keys(values).join(', ')}`);
      }
      return {
        zone: String(settings['zone']),
        name: String(settings['name']),
        type: String(settings['type']),
        ttlSeconds: settings['ttl'] as number,
        proxied: settings['proxied'] === true,
        to: written.to,
        values,
        account: plan.account,
      };
    },
    input,
    targets: ['zone', 'name', 'type', 'to', 'values', 'account'],
    output: z.object({ name: z.string(), value: z.string() }),
    resources: ({ zone, name }) => [`cloudflare:${zone}:${name}`],
    changes: ['cloudflare:PatchDnsRecord'],
    permissions: ({ zone }) => [
      { system: 'cloudflare', action: 'Zone.DNS Read', resource: `zone ${zone}` },
      { system: 'cloudflare', action: 'Zone.DNS Edit', resource: `zone ${zone}` },
    ],
    expectedSeconds: 10,
    longestSeconds: 300,
    repeat: 'by-look',
    reversible: {
      undo: 'lead it to where it led before',
      before: async (given, context) => ({ value: (await list(given, context))[0]?.content ?? null }),
      async observe(given, before, context) {
        const was = (before as { value?: string | null } | null)?.value;
        const records = await list(given, context);
        const seen = `${given.name}: ${shown(records)}`;
        if (!was) return { state: 'impossible', seen: `${seen}; what it was before is not known` };
        const [{ content } = { content: '' }] = records;
        if (records.length === 1 && content === was) return { state: 'done', seen, output: {} };
        if (records.length === 1 && content === wantedOf(given)) return { state: 'todo', seen };
        return { state: 'impossible', seen: `${seen}; somebody changed it since, and it is left so` };
      },
      act: (given, before, context) => change(given, (before as { value: string }).value, context),
    },

    async observe(given, context) {
      const records = await list(given, context);
      const seen = `${given.name}: ${shown(records)}`;
      if (records.length !== 1)
        return {
          state: 'impossible',
          seen: `${seen}; exactly one ${given.type} record is expected, so nothing was changed`,
        };
      const { content } = records[0]!;
      const wanted = wantedOf(given);
      if (content === wanted) return { state: 'done', seen, output: { name: given.name, value: wanted } };
      if (!Object.values(given.values).includes(content))
        return { state: 'impossible', seen: `${seen}, which the plan does not know; it is left so` };
      return { state: 'todo', seen };
    },

    act: (given, context) => change(given, wantedOf(given), context),

    async preview(given, context) {
      const now = shown(await list(given, context));
      const { zone, name, account } = given;
      return [{ resource: `cloudflare:${zone}:${name}`, account, now, then: wantedOf(given) }];
    },
    command: (given) =>
      curlLine(
        'PATCH',
        `https://api.cloudflare.com/client/v4/zones/${given.zone}/dns_records/RECORD_ID`,
        { Authorization: 'Bearer $CLOUDFLARE_API_TOKEN' },
        { content: wantedOf(given), ttl: ttlOf(given), proxied: given.proxied },
      ),
  });
};

const wantedOf = ({ values, to }: Given): string => values[to]!;

/** A proxied record has no time of its own: 1 stands for automatic. */
const ttlOf = ({ proxied, ttlSeconds }: Given): number => (proxied ? 1 : ttlSeconds);

const shown = (records: CloudflareRecord[]): string => records.map(({ content }) => content).join(', ') || 'no record';
