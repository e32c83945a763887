import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Certificates } from '../certificates.ts';
import { readText, sendJson } from '../http-server.ts';
import { mentionsOf } from '../mentions.ts';
import { isMeantFor, startNamedHosts } from '../named-hosts.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';

/** Every receiver of webhooks that the plans name: it wants JSON and its secret headers, and takes each key once. */
export const startWebhook = async (
  context: SandboxContext,
  certificates: Certificates,
  secrets: Record<string, string>,
): Promise<SandboxPart> => {
  const hooks = context.plans
    .flatMap(mentionsOf)
    .filter(({ uses, with: given }) => uses === 'webhook/post' && URL.canParse(given['url']))
    .map(({ with: given }) => ({
      url: new URL(given['url']),
      headers: Object.entries((given['header-env'] ?? {}) as Record<string, string>).map(
        ([name, env]) => [name.toLowerCase(), secrets[env]] as const,
      ),
    }));
  const taken = new Set<string>();
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? '/').split('?')[0];
    const hook = hooks.find(({ url }) => isMeantFor(request, url) && url.pathname === path);
    if (context.faults.service('webhook')?.how === 'hang') return;
    const refuse = (status: number, error: string) => {
      context.ledger.refuse('webhook:Post', String(status), 'the receiver of a webhook');
      sendJson(response, status, { error });
    };
    if (!hook) return refuse(404, 'not found');
    if (request.method !== 'POST') return refuse(405, 'method not allowed');
    if (hook.headers.some(([name, value]) => request.headers[name] !== value)) return refuse(401, 'unauthorized');
    try {
      JSON.parse(await readText(request));
    } catch {
      return refuse(400, 'the body is not JSON');
    }
    const key = request.headers['idempotency-key'];
    if (typeof key !== 'string' || key === '') return refuse(400, 'Idempotency-Key is missing');
    const fault = context.faults.take('webhook:Post');
    if (fault === 'error') return sendJson(response, 500, { error: 'internal error' });
    if (!taken.has(`${hook.url.href} ${key}`)) {
      taken.add(`${hook.url.href} ${key}`);
      context.ledger.accept('webhook:Post', `webhook:${hook.url.host}`, { key }).visible();
    }
    if (fault === 'timeout') return;
    sendJson(response, 202, { status: 'accepted' });
  };
  const listening = await startNamedHosts(
    certificates,
    hooks.map(({ url }) => url),
    (request, response) => {
      handle(request, response).catch((error) => {
        context.log('a webhook failed inside the sandbox', { error: String(error) });
        response.destroy();
      });
    },
  );
  return {
    name: 'webhook',
    environment: { MAYDAY_HOSTS: listening.hosts.join(',') },
    control: {},
    close: listening.close,
  };
};
