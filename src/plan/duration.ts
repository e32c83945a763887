const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Longer than this is a slip of the finger, and dates computed from it would leave the calendar. */
const longestSeconds = 10 * 366 * 86_400;

/**
 * `90s`, `15m`, `4h`, `1h30m`, `7d` in seconds; undefined when it is none. A bare number has no unit and is refused, and
 * so is a time of nothing: `every: 0s` would never rest.
 */
export const parseDuration = (text: string): number | undefined => {
  const close = text.replaceAll(/\s+/g, '');
  const parts = [...close.matchAll(/(\d+(?:\.\d+)?)([smhd])/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== close) return undefined;
  const seconds = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit as string] as number), 0);
  return seconds > 0 && seconds <= longestSeconds ? seconds : undefined;
};

/** Seconds as a person says them: `45 s`, `4 min 32 s`, `2 h 5 min`. */
export const sayDuration = (seconds: number): string => {
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600)
    return [`${Math.floor(rounded / 60)} min`, rounded % 60 && `${rounded % 60} s`].filter(Boolean).join(' ');
  return [
    `${Math.floor(rounded / 3600)} h`,
    Math.floor((rounded % 3600) / 60) && `${Math.floor((rounded % 3600) / 60)} min`,
  ]
    .filter(Boolean)
    .join(' ');
};
