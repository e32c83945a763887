import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * A client library that is loaded when something of it is first used. Together they take most of a second to load: too
 * long for somebody who types a command at three in the morning, and for a bot whose plans speak to three of them.
 */
export const lazily = <T>(name: string): (() => T) => {
  let loaded: T | undefined;
  return () => {
    loaded ??= require(name) as T;
    return loaded;
  };
};
