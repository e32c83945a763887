/** A request that is proven to come from Slack, parsed once. */
export interface VerifiedRequest {
  /** The same for every delivery of the same thing: its trigger or event id. */
  key: string;
  kind: 'command' | 'action' | 'view' | 'shortcut' | 'event' | 'other';
  /** What Bolt calls the body: the form's fields, or the JSON inside `payload`. */
  body: Record<string, any>;
  team: string | undefined;
  user: string | undefined;
  by: 'http' | 'socket';
}

/** Says what a body is and who sent it. `fallbackKey` names this delivery when the body has no id of its own. */
export const describeRequest = (
  body: Record<string, any>,
  by: 'http' | 'socket',
  fallbackKey: string,
): VerifiedRequest => {
  const kind = kindOf(body);
  const id = kind === 'event' ? body.event_id : body.trigger_id;
  return {
    key: typeof id === 'string' && id !== '' ? `${kind}:${id}` : fallbackKey,
    kind,
    body,
    team: text(body.team?.id ?? body.team_id),
    user: text(body.user?.id ?? body.user_id ?? body.event?.user),
    by,
  };
};

/** From whose workspace a request comes, as far as it says. */
export interface Origin {
  /** Of the workspace where it happened and of the person, which differ for somebody from outside. */
  teams: readonly string[];
  enterprise: string | undefined;
}

export const originOfRequest = (body: Record<string, any>): Origin => ({
  teams: [body.team?.id, body.team_id, body.user?.team_id].flatMap((each) => text(each) ?? []),
  enterprise: text(
    body.enterprise?.id ?? body.enterprise_id ?? body.team?.enterprise_id ?? body.authorizations?.[0]?.enterprise_id,
  ),
});

/** What this is called where a refusal is written down. */
export const whatWasAsked = (body: Record<string, any>): string => {
  switch (kindOf(body)) {
    case 'command':
      return String(body.command);
    case 'action':
      return `click ${String(body.actions?.[0]?.action_id)}`;
    case 'view':
      return `form ${String(body.view?.callback_id)}`;
    case 'shortcut':
      return `shortcut ${String(body.callback_id)}`;
    case 'event':
      return `event ${String(body.event?.type)}`;
    default:
      return 'request';
  }
};

/**
 * Why a body cannot be what Slack sends, in one sentence; undefined when it can. Whoever has the secret can sign anything,
 * and what is not there must not be found out by an exception halfway through.
 */
export const shapeFault = ({ kind, body, user }: VerifiedRequest): string | undefined => {
  switch (kind) {
    case 'command':
      return user && isText(body.trigger_id) && isText(body.channel_id)
        ? undefined
        : 'A command says who typed it, where, and its trigger.';
    case 'action':
      return user && Array.isArray(body.actions) && isText(body.actions[0]?.action_id)
        ? undefined
        : 'A click says who clicked, and on what.';
    case 'view':
      return user && isText(body.view?.callback_id) && isText(body.view?.id)
        ? undefined
        : 'A form says who filled it in, and which it is.';
    case 'shortcut':
      return user && isText(body.callback_id) ? undefined : 'A shortcut says who chose it, and which it is.';
    case 'event':
      return isText(body.event?.type) && isText(body.event_id) ? undefined : 'An event has an id and a type.';
    default:
      // Slack says so when an app hears of too much; there is nothing to do about it.
      return body.type === 'app_rate_limited' ? undefined : 'This is no command, click, form, shortcut or event.';
  }
};

const kindOf = (body: Record<string, any>): VerifiedRequest['kind'] => {
  if (typeof body.command === 'string') return 'command';
  if (body.type === 'block_actions') return 'action';
  if (body.type === 'view_submission' || body.type === 'view_closed') return 'view';
  if (body.type === 'shortcut' || body.type === 'message_action') return 'shortcut';
  if (body.type === 'event_callback') return 'event';
  return 'other';
};

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
