import { z } from 'zod';

/** A moment as people write it, `2026-03-01T12:00:00Z` or with an offset; read as ISO 8601 in UTC. */
export const momentText = z.iso
  .datetime({ offset: true, error: 'is no moment; write it like 2026-03-01T12:00:00Z' })
  .transform((text) => new Date(text).toISOString());
