/** An address that a click may open; anything else, `javascript:` above all, is shown and leads nowhere. */
export const safeUrl = (url: string): string | undefined =>
  /^(https?:|mailto:)/i.test(url) && URL.canParse(url) ? url : undefined;

/** The message that a permalink of this workspace means. */
export const messageOf = (url: string): { channel: string; ts: string; thread: string | undefined } | undefined => {
  const found = /^https:\/\/[a-z0-9-]+\.slack\.com\/archives\/([A-Z0-9]+)\/p(\d{10})(\d{6})/.exec(url);
  if (!found) return undefined;
  const thread = new URL(url).searchParams.get('thread_ts') ?? undefined;
  return { channel: found[1]!, ts: `${found[2]}.${found[3]}`, thread };
};

/** Where something is in this page: `#C123`, `#C123/1712.0001`, `#home`. */
export const addressOf = (channel: string, ts?: string): string => `#${channel}${ts ? `/${ts}` : ''}`;
