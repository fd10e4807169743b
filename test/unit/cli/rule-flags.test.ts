import { describe, expect, it } from 'vitest';
import { collect, refuseArguments, refuseTestFiles } from '../../../src/cli/rule-flags.ts';

it('an option that is given again adds to what was given before', () => {
  expect(collect('b.yaml', collect('a.yaml'))).toEqual(['a.yaml', 'b.yaml']);
});

describe('words that belong to no option', () => {
  it('are taken for a glob that the shell has replaced', () => {
    expect(() => refuseArguments(['b.yaml', 'c\u001b.yaml'], ['a.yaml'])).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        problems: [
          {
            message: '`b.yaml` and 1 more: nothing is expected here',
            remedy: expect.stringContaining('put the glob in quotes') as string,
          },
        ],
      }),
    );
    expect(() => refuseArguments(['a\u001b.yaml'], [])).toThrow('`a\\u001b.yaml`: nothing is expected here');
    expect(() => refuseArguments([], ['a.yaml'])).not.toThrow();
  });
});

it('a file of tests is sent to the command that runs it', () => {
  expect(() => refuseTestFiles(['a.yaml', 'b.test.yaml', 'c.test.yml', 'rules/*.test.yaml'])).toThrow(
    expect.objectContaining({
      problems: [
        expect.objectContaining({ file: 'b.test.yaml', remedy: 'Run it with `sluice test b.test.yaml`.' }),
        expect.objectContaining({ file: 'c.test.yml' }),
      ],
    }),
  );
  expect(() => refuseTestFiles(['a.yaml', 'rules'])).not.toThrow();
});
