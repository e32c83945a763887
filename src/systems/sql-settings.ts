import { z } from 'zod';

/** A secret stands in a plan by reference only. */
const secretReference = z.strictObject(
  { env: z.string() },
  {
    error: (issue) =>
      issue.code === 'invalid_type'
        ? 'expected { env: NAME }, the variable that holds it: a secret never stands in a plan'
        : undefined,
  },
);

/** How a component that is a database is asked, whoever runs it. */
export const sqlSettings = {
  sql: z.strictObject({ database: z.string(), user: z.string(), password: secretReference }).optional(),
  /** A row that the application writes every second or so, by which loss is measured. */
  heartbeat: z.strictObject({ table: z.string(), column: z.string() }).optional(),
  /** Checks that say when the source was last alive and what the replica has replayed. */
  loss: z.strictObject({ alive: z.string(), replayed: z.string() }).optional(),
};

/** Before another place is promoted, sessions of this one are ended and new ones may only read. */
export const fenceSettings = {
  fence: z
    .strictObject({
      'when-unreachable': z
        .string()
        .regex(/^(ask|accept-up-to \d+(s|m|h))$/, 'expected ask, or accept-up-to with a duration, such as 60s')
        .default('ask'),
    })
    .optional(),
};
