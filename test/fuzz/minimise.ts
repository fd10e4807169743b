import type { Input, Target } from './target.ts';

const MOST_TRIES = 400;

/** A smaller input with which the target still fails: without pieces, then with shorter ones. */
export async function minimised(target: Target, input: Input): Promise<Input> {
  let smallest = input;
  let tries = 0;
  const adopt = async (smaller: Input): Promise<boolean> => {
    if (tries++ > MOST_TRIES || !(await fails(target, smaller))) return false;
    smallest = smaller;
    return true;
  };
  for (let piece = input.length - 1; piece >= 1; piece--) {
    await adopt(smallest.filter((_, index) => index !== piece));
  }
  for (let piece = 0; piece < smallest.length; piece++) {
    for (let step = (smallest[piece]?.length ?? 0) >> 1; step > 0; step >>= 1) {
      const shorter = (bytes: Buffer): Buffer => bytes.subarray(0, Math.max(0, bytes.length - step));
      while (await adopt(smallest.map((bytes, index) => (index === piece ? shorter(bytes) : bytes)))) {
        if ((smallest[piece]?.length ?? 0) === 0) break;
      }
    }
  }
  return smallest;
}

async function fails(target: Target, input: Input): Promise<boolean> {
  try {
    await target.run(input);
    return false;
  } catch {
    return true;
  }
}
