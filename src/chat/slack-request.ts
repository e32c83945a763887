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

const kindOf = (body: Record<string, any>): VerifiedRequest['kind'] => {
  if (typeof body.command === 'string') return 'command';
  if (body.type === 'block_actions') return 'action';
  if (body.type === 'view_submission' || body.type === 'view_closed') return 'view';
  if (body.type === 'shortcut' || body.type === 'message_action') return 'shortcut';
  if (body.type === 'event_callback') return 'event';
  return 'other';
};

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
