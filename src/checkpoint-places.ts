import { basename, join } from 'node:path';
import type { Settings } from './config.ts';
import { type Checkpoint, checkpointHash, checkpointName, checkpointText } from './journal/checkpoint.ts';
import { createCheckpointFolder } from './journal/checkpoint-folder.ts';
import type { CheckpointPlace } from './journal/checkpoints.ts';
import { type AwsS3Settings, createLockedObjects } from './systems/aws-s3/index.ts';

export interface CheckpointPlaces {
  places: CheckpointPlace[];
  close(): void;
}

/**
 * The second places that the settings name; when they name none, a folder beside the data for each database, because a
 * rehearsal has a journal of its own.
 */
export const openCheckpointPlaces = (
  settings: Pick<Settings, 'MAYDAY_CHECKPOINTS' | 'MAYDAY_CHECKPOINT_DAYS' | 'MAYDAY_DATA'> & { s3: AwsS3Settings },
  databaseUrl: string,
  now: () => Date,
  /** Posts a line to a channel; absent where nobody can, such as on the command line. */
  post?: (channel: string, text: string) => Promise<unknown>,
): CheckpointPlaces => {
  const closers: (() => void)[] = [];
  const folder = join(settings.MAYDAY_DATA, 'checkpoints', basename(new URL(databaseUrl).pathname));
  const wanted = settings.MAYDAY_CHECKPOINTS ?? [{ kind: 'folder' as const, path: folder }];
  const places = wanted.flatMap((place): CheckpointPlace[] => {
    if (place.kind === 'folder') return [createCheckpointFolder(place.path)];
    if (place.kind === 'slack')
      return post
        ? [
            {
              name: `slack:#${place.channel}`,
              write: (checkpoint) => post(place.channel, lineOf(checkpoint)).then(() => {}),
            },
          ]
        : [];
    const objects = createLockedObjects(settings.s3, { ...place, days: settings.MAYDAY_CHECKPOINT_DAYS }, now);
    closers.push(() => objects.close());
    return [
      {
        name: `s3://${place.bucket}/${place.prefix}`,
        write: (checkpoint) => objects.write(checkpointName(checkpoint.content.number), checkpointText(checkpoint)),
        read: async () => (await objects.read()).map(({ text }) => JSON.parse(text) as Checkpoint),
      },
    ];
  });
  return {
    places,
    close() {
      for (const close of closers) close();
    },
  };
};

/** What a person can compare with `audit verify`: a message cannot be edited unseen by those who read it. */
const lineOf = ({ content, signature }: Checkpoint): string =>
  `Checkpoint ${content.number} of the audit trail, ${content.time}: ${content.entries} entries in ${content.streams} streams, hash ${checkpointHash(content)}, key ${content.key}, signature ${signature}`;
