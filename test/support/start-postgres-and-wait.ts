/** Starts an embedded PostgreSQL in the folder given, says where it is, and waits to be killed. */
import { startEmbeddedPostgres } from '../../src/journal/embedded-postgres.ts';

const server = await startEmbeddedPostgres({ folder: process.argv[2] as string });
const url = await server.database('kept');
process.stdout.write(`${JSON.stringify({ url, adopted: server.adopted })}\n`);
setInterval(() => {}, 1_000);
