/** `{{ rtoSeconds | duration }}` → `12 min 30 s`; unknown stays said. */
export const duration = (value: unknown): string => {
  const seconds = asSeconds(value);
  if (seconds === undefined) return 'not known';
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const parts = [
    hours > 0 ? `${hours} h` : '',
    minutes > 0 ? `${minutes} min` : '',
    rest > 0 && hours === 0 ? `${rest} s` : '',
  ];
  return parts.filter(Boolean).join(' ') || '0 s';
};

/** Whole minutes, rounded up, for wording that needs no seconds. */
export const minutes = (value: unknown): string => {
  const seconds = asSeconds(value);
  if (seconds === undefined) return 'not known';
  return seconds < 60 ? 'under a minute' : `${Math.ceil(seconds / 60)} min`;
};

/** `2026-01-02 14:05 UTC`. */
export const clock = (value: unknown): string => {
  const time = new Date(String(value));
  return Number.isNaN(time.getTime()) ? 'not known' : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
};

/** In Slack each reader sees the own zone; UTC stands beside it. */
export const slackTime = (value: unknown): string => {
  const time = new Date(String(value));
  if (Number.isNaN(time.getTime())) return 'not known';
  const utc = clock(value);
  return `<!date^${Math.floor(time.getTime() / 1000)}^{time}|${utc}> (${utc.slice(11)})`;
};

/** `<@U024BE7LH>`, by which Slack rings somebody; nothing for what is no Slack id. */
export const mention = (value: unknown): string => (/^[UW][A-Z0-9]{5,}$/.test(String(value)) ? `<@${value}>` : '');

const asSeconds = (value: unknown): number | undefined => {
  const seconds = value === null || value === undefined || value === '' ? Number.NaN : Number(value);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
};
