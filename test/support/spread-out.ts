import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that start bots, databases and browsers: minutes long, and slow when too many of them run at once. */
const heavy = ['test/end-to-end/', 'test/properties/', 'test/browser/', 'test/real/'];

/** After each heavy file so many light ones, so that light ones are left for the end and fill its gaps. */
const lightAfterEach = 2;

/** Spreads the heavy files over the run. What is begun last would be waited for alone, so a light one comes last. */
export class SpreadOut extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isHeavy = ({ moduleId }: TestSpecification) => heavy.some((folder) => moduleId.includes(folder));
    const light = sorted.filter((file) => !isHeavy(file));
    const spread = sorted.filter(isHeavy).flatMap((file) => [file, ...light.splice(0, lightAfterEach)]);
    return [...spread, ...light];
  }
}
