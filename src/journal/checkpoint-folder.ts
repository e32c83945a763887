import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkpoint, checkpointName, checkpointText } from './checkpoint.ts';
import type { CheckpointPlace } from './checkpoints.ts';

/** A folder as second place, best on another machine's disk. A file that is there is never written again. */
export const createCheckpointFolder = (folder: string): CheckpointPlace => ({
  name: `folder:${folder}`,
  async write(checkpoint) {
    await mkdir(folder, { recursive: true });
    const [path, text] = [join(folder, checkpointName(checkpoint.content.number)), checkpointText(checkpoint)];
    const unfinished = `${path}.${process.pid}.unfinished`;
    await writeFile(unfinished, text, { flush: true, mode: 0o644 });
    try {
      await link(unfinished, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if ((await readFile(path, 'utf8')) !== text)
        throw new Error(`${path} is there already and says something else; it was left as it is`);
    } finally {
      await rm(unfinished, { force: true });
    }
  },
  read: () => readCheckpointFolder(folder),
});

/** Every checkpoint of a folder; a file that cannot be read stands as a checkpoint that is none, so that it is named. */
export const readCheckpointFolder = async (folder: string): Promise<Checkpoint[]> => {
  const names = (await readdir(folder)).filter((name) => /^checkpoint-\d+\.json$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      try {
        return JSON.parse(await readFile(join(folder, name), 'utf8')) as Checkpoint;
      } catch {
        return { content: { number: Number(/\d+/.exec(name)![0]) }, signature: '' } as Checkpoint;
      }
    }),
  );
};
