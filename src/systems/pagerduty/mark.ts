/**
 * PagerDuty keeps no metadata with a note or a request, so the step's key stands at the end of the text, by which a
 * later look finds it.
 */
export const withMark = (text: string, key: string): string => `${text.trimEnd()}\n\n${markOf(key)}`;

export const markOf = (key: string): string => `[mayday ${key}]`;
