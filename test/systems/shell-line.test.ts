import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellLine } from '../../src/systems/shell-line.ts';

test.each(["it's", '$(touch /tmp/x); `id` "quoted" \\ \n newline', '', '*', '{"a":1}'])(
  '%j reaches a shell as one word',
  (word) => {
    const said = execFileSync('/bin/sh', ['-c', shellLine('printf', '%s', word)], { encoding: 'utf8' });
    expect(said).toBe(word);
  },
);
