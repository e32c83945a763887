import { z } from 'zod';

const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `60s`, `5m`, `1h30m`: read as seconds. A bare number is refused, as nobody can tell its unit. */
export const durationText = z
  .string()
  .regex(/^(\d+[smhd])+$/, 'is a duration with units, such as 60s, 5m or 1h30m')
  .transform((text) =>
    [...text.matchAll(/(\d+)([smhd])/g)].reduce((sum, [, figure, unit]) => sum + Number(figure) * seconds[unit!]!, 0),
  );
