import { shellLine } from '../shell-line.ts';

/** `kubectl` for one namespace of one cluster. */
export const kubectlLine = (
  { cluster, namespace }: { cluster: string; namespace: string },
  ...words: (string | number)[]
): string => shellLine('kubectl', '--context', cluster, '--namespace', namespace, ...words);
