import { Command } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { EncodedCommand } from '../../../src/cache/encoded-command.ts';

describe('a command in the bytes of the protocol', () => {
  it.each([
    { what: 'ASCII', args: ['key', '17', ''] },
    { what: 'characters of several bytes', args: ['käse:{ü}', '€', '😀', 'plain'] },
    { what: 'a lone surrogate', args: ['\ud800', 'x'] },
    { what: 'line ends, which mean nothing inside an argument', args: ['a\r\nb', '\r\n', '$1\r\n'] },
    { what: 'a long text', args: ['k', 'x'.repeat(100_000)] },
    { what: 'texts of every length', args: Array.from({ length: 1_200 }, (_, length) => 'x'.repeat(length)) },
    { what: 'a long text of several bytes each', args: ['plain', '😀'.repeat(1_000), 'plain', 'x'.repeat(60) + 'ä'] },
    { what: 'no arguments', args: [] },
  ])('is what the client would have written: $what', ({ args }) => {
    const theirs = Buffer.from(new Command('evalsha', ['sha', '1', ...args]).toWritable({}) as string);
    expect(new EncodedCommand('evalsha', ['sha', '1'], args).toWritable().equals(theirs)).toBe(true);
  });
});
