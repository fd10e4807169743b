/** Characters of one value that a key may reasonably have; what may be longer has no bound. */
export const LONGEST = 1024;
