import { Temporal } from 'temporal-polyfill';

/** `weekdays 09:00-18:00 America/New_York`: on which days, from when to when, in which zone. */
export interface Hours {
  days: readonly number[];
  from: Temporal.PlainTime;
  to: Temporal.PlainTime;
  zone: string;
}

export const dayNames: Record<string, readonly number[]> = {
  weekdays: [1, 2, 3, 4, 5],
  weekends: [6, 7],
  daily: [1, 2, 3, 4, 5, 6, 7],
  mondays: [1],
  tuesdays: [2],
  wednesdays: [3],
  thursdays: [4],
  fridays: [5],
  saturdays: [6],
  sundays: [7],
};

/** Undefined when the text is no such thing, the zone is unknown, or it ends before it begins. The end is exclusive. */
export const parseHours = (text: string): Hours | undefined => {
  const match = /^(\w+) (\d\d:\d\d)-(\d\d:\d\d) (\S+)$/.exec(text);
  if (!match || !Object.hasOwn(dayNames, match[1] as string)) return undefined;
  const days = dayNames[match[1] as string] as readonly number[];
  try {
    const hours = {
      days,
      from: Temporal.PlainTime.from(match[2] as string),
      to: Temporal.PlainTime.from(match[3] as string),
      zone: match[4] as string,
    };
    Temporal.Now.zonedDateTimeISO(hours.zone);
    return Temporal.PlainTime.compare(hours.from, hours.to) < 0 ? hours : undefined;
  } catch {
    return undefined;
  }
};

export const hoursHold = (hours: Hours, at: Date): boolean => {
  const there = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(hours.zone);
  const time = there.toPlainTime();
  return (
    hours.days.includes(there.dayOfWeek) &&
    Temporal.PlainTime.compare(time, hours.from) >= 0 &&
    Temporal.PlainTime.compare(time, hours.to) < 0
  );
};
