const format = (options: Intl.DateTimeFormatOptions) => {
  const formatter = new Intl.DateTimeFormat('en-GB', options);
  return (date: Date) => formatter.format(date);
};

/** All in the zone of whoever reads. */
export const hoursAndMinutes = format({ hour: '2-digit', minute: '2-digit' });
export const withSeconds = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const wholeDay = format({ weekday: 'long', day: 'numeric', month: 'long' });
export const inFull = format({ dateStyle: 'full', timeStyle: 'long' });
export const inUtc = format({ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: 'UTC' });

const dateOnly = format({ day: 'numeric', month: 'long', year: 'numeric' });
const dateShort = format({ day: 'numeric', month: 'short', year: 'numeric' });
const dateLong = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const dateNumbers = format({ day: '2-digit', month: '2-digit', year: 'numeric' });

export const isSameDay = (one: Date, other: Date): boolean => one.toDateString() === other.toDateString();

/** How long ago, or in how long, in words; by the world's own clock. */
export const inWords = (date: Date, now: Date): string => {
  const seconds = Math.round((now.getTime() - date.getTime()) / 1000);
  const size = Math.abs(seconds);
  const [count, unit] =
    size < 60
      ? [size, 's']
      : size < 3600
        ? [Math.round(size / 60), 'min']
        : size < 86_400
          ? [Math.round(size / 3600), 'h']
          : [Math.round(size / 86_400), 'd'];
  return seconds >= 0 ? `${count} ${unit} ago` : `in ${count} ${unit}`;
};

/** `<!date^…>`: the tokens of Slack's documentation, filled in. */
export const fillDate = (pattern: string, date: Date, now: Date): string => {
  const days = Math.round(
    (new Date(date.toDateString()).getTime() - new Date(now.toDateString()).getTime()) / 86_400_000,
  );
  const near = days === 0 ? 'today' : days === -1 ? 'yesterday' : days === 1 ? 'tomorrow' : undefined;
  const tokens: Record<string, () => string> = {
    date_num: () => dateNumbers(date),
    date: () => dateOnly(date),
    date_pretty: () => near ?? dateOnly(date),
    date_short: () => dateShort(date),
    date_short_pretty: () => near ?? dateShort(date),
    date_slash: () => dateNumbers(date),
    date_long: () => dateLong(date),
    date_long_pretty: () => near ?? dateLong(date),
    date_long_full: () => dateLong(date),
    date_long_full_pretty: () => near ?? dateLong(date),
    day_divider_pretty: () => near ?? dateLong(date),
    time: () => hoursAndMinutes(date),
    time_secs: () => withSeconds(date),
    ago: () => inWords(date, now),
  };
  return pattern.replaceAll(/\{([a-z_]+)\}/g, (whole, name) => tokens[name]?.() ?? whole);
};
