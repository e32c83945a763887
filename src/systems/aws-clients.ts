import type { StepContext } from '../define.ts';
import { awsFailure } from './aws-failure.ts';
import { type AwsSettings, awsOptions, onceMoreWhenClosed } from './aws-options.ts';
import { sessionName, sharedRoles } from './aws-roles.ts';

/** One client for each Region, made when it is first needed, and others for the calls that change something. */
export interface AwsClients<C> {
  /** Looks: as the read role, where one is set. */
  reading(region: string): C;
  /**
   * Changes: as the write role, where one is set, in a session that is named after the run. Only `act` may ask for it,
   * before `beforeChange`: taking the role on must not use up the time that is left for the call itself. Throws when
   * the role cannot be taken on; then nothing was changed.
   */
  changing(region: string, context: Pick<StepContext, 'runId'>): Promise<C>;
  close(): void;
}

/** Runs whose clients are kept: a change is one call, and the next one of that run often follows within seconds. */
const mostRuns = 20;

export const createAwsClients = <C extends { destroy(): void }>(
  settings: AwsSettings,
  endpoint: string | undefined,
  make: (options: ReturnType<typeof awsOptions>) => C,
): AwsClients<C> => {
  const roles = sharedRoles(settings);
  const readers = new Map<string, C>();
  const writers = new Map<string, C>();
  const { MAYDAY_AWS_READ_ROLE: readRole, MAYDAY_AWS_WRITE_ROLE: writeRole } = settings;

  const clientOf = (
    kept: Map<string, C>,
    key: string,
    region: string,
    role: string | undefined,
    session: string,
    more: object = {},
  ): C => {
    const known = kept.get(key);
    if (known) return known;
    const credentials = role ? () => roles.take(role, session, region) : undefined;
    const made = make({ ...awsOptions(settings, region, endpoint, credentials), ...more });
    kept.set(key, made);
    return made;
  };
  return {
    reading: (region) =>
      clientOf(readers, region, region, readRole, 'mayday-read', { retryStrategy: onceMoreWhenClosed }),
    async changing(region, { runId }) {
      if (!writeRole) return clientOf(writers, region, region, undefined, '');
      const session = sessionName(`mayday-${runId}`);
      await roles.take(writeRole, session, region).catch((error: unknown) => {
        throw awsFailure(error, 'sts AssumeRole', false);
      });
      // Let go of, not closed: one of its calls may be under way.
      if (writers.size >= mostRuns) writers.delete(writers.keys().next().value!);
      return clientOf(writers, `${region} ${runId}`, region, writeRole, session);
    },
    close() {
      for (const client of [...readers.values(), ...writers.values()]) client.destroy();
    },
  };
};
