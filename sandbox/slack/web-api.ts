import type { IncomingMessage, ServerResponse } from 'node:http';
import { readText, sendJson } from '../http-server.ts';
import type { AppManifest } from './app-manifest.ts';
import { bookmarkMethods } from './bookmark-methods.ts';
import { canvasMethods } from './canvas-methods.ts';
import { channelMethods } from './channel-methods.ts';
import { chatMethods } from './chat-methods.ts';
import { conversationMethods } from './conversation-methods.ts';
import { fileMethods } from './file-methods.ts';
import type { Method, MethodWorld } from './method.ts';
import { peopleMethods } from './people-methods.ts';
import { pinMethods } from './pin-methods.ts';
import { createRateLimits } from './rate-limits.ts';
import { reactionMethods } from './reaction-methods.ts';
import { SlackRefusal } from './slack-refusal.ts';
import { viewMethods } from './view-methods.ts';

export const methods: Record<string, Method> = {
  ...bookmarkMethods,
  ...canvasMethods,
  ...channelMethods,
  ...chatMethods,
  ...conversationMethods,
  ...fileMethods,
  ...peopleMethods,
  ...pinMethods,
  ...reactionMethods,
  ...viewMethods,
};

/** Arguments that Slack reads as JSON when they come in a form. */
const jsonArguments = new Set(['blocks', 'view', 'metadata', 'attachments', 'files', 'document_content', 'changes']);

/** `POST /api/<method>`, with the bot's or the app's token. */
export const createWebApi = (world: MethodWorld, tokens: { bot: string; app: string }, manifest: AppManifest) => {
  const waitSeconds = createRateLimits(world.context.clock);
  const { faults, holds, ledger } = world.context;

  return async (request: IncomingMessage, response: ServerResponse, name: string): Promise<void> => {
    const args = readArguments(request, await readText(request));
    const fault = faults.service('slack');
    if (fault?.how === 'hang') return;
    const failed = () => {
      ledger.call(`slack:${name}`, 'failed');
      sendJson(response, 500, { ok: false, error: 'internal_error' });
    };
    const limited = (seconds: number) => {
      ledger.call(`slack:${name}`, 'limited');
      sendJson(response, 429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(seconds) });
    };
    if (fault?.how === '500') return failed();
    if (fault?.how === '429') return limited(fault.retryAfterSeconds ?? 1);

    const refuse = (
      code: string,
      messages: string[] = [],
      source = `https://docs.slack.dev/reference/methods/${name}`,
      more: Record<string, unknown> = {},
    ) => {
      ledger.call(`slack:${name}`, 'refused');
      ledger.refuse(`slack:${name}`, code, source);
      sendJson(response, 200, {
        ok: false,
        error: code,
        ...more,
        ...(messages.length > 0 ? { response_metadata: { messages } } : {}),
      });
    };
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (!method) return refuse('unknown_method', [], 'https://docs.slack.dev/reference/methods');
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? args?.token;
    if (!token) return refuse('not_authed');
    if (token !== tokens.bot && token !== tokens.app) return refuse('invalid_auth');
    if ((token === tokens.app) !== (method.appToken === true)) return refuse('not_allowed_token_type');
    if (args === undefined) return refuse('invalid_json');
    delete args.token;

    const wait = waitSeconds(name, method.tier, args.channel);
    if (wait > 0) {
      ledger.refuse(`slack:${name}`, 'ratelimited', 'https://docs.slack.dev/apis/web-api/rate-limits');
      return limited(wait);
    }
    const missing = method.needs.filter((key) => args[key] === undefined || args[key] === '');
    const unknown = Object.keys(args).filter((key) => !method.needs.includes(key) && !method.takes.includes(key));
    if (missing.length + unknown.length > 0) {
      return refuse('invalid_arguments', [
        ...missing.map((key) => `[ERROR] missing required field: ${key}`),
        ...unknown.map((key) => `[ERROR] no such argument: ${key}`),
      ]);
    }
    const needed = typeof method.scope === 'function' ? method.scope(args, world) : method.scope;
    if (needed && !manifest.scopes.includes(needed)) {
      const source = `https://docs.slack.dev/reference/scopes/${needed}`;
      return refuse('missing_scope', [], source, { needed, provided: manifest.scopes.join(',') });
    }
    const change = `slack:${name}`;
    const next = faults.take(change);
    if (next === 'error') return failed();
    try {
      const text = JSON.stringify(args);
      if (!(await holds.pass(change, 'before', text))) return;
      const answer = method.run(args, world);
      ledger.call(change, 'ok');
      if (!(await holds.pass(change, 'after', text))) return;
      if (next === 'timeout') return;
      // Each answer says what the token was granted.
      sendJson(response, 200, { ok: true, ...answer }, { 'x-oauth-scopes': manifest.scopes.join(',') });
    } catch (error) {
      if (!(error instanceof SlackRefusal)) throw error;
      refuse(error.code, error.messages, error.source);
    }
  };
};

/** Form or JSON; undefined when it is neither. */
const readArguments = (request: IncomingMessage, body: string): Record<string, any> | undefined => {
  try {
    if ((request.headers['content-type'] ?? '').startsWith('application/json')) return JSON.parse(body || '{}');
    const args: Record<string, any> = {};
    for (const [key, value] of new URLSearchParams(body))
      args[key] = jsonArguments.has(key) ? JSON.parse(value) : value;
    return args;
  } catch {
    return undefined;
  }
};
