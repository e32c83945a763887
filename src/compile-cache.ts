import { fileURLToPath } from 'node:url';

/**
 * Where compiled code is kept: a third of a short command's time would go into compiling again. Not in a folder for
 * everybody, where others could write what is then run.
 */
export const compileCacheFolder = fileURLToPath(new URL('../node_modules/.cache/mayday', import.meta.url));
