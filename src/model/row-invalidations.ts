/**
 * What nearly all invalidations are. Classes, not object literals: V8 remembers where literals of one place outlived a scavenge, as many
 * do while a cache answers slowly, and makes them in the old generation from then on, for good. There each of them, dead long since,
 * kept its origin and its transaction alive until the next full collection.
 */
import type { ChangeOrigin, DeleteInvalidation, RefreshInvalidation, RowPayload } from './invalidation.ts';
import type { Version } from './version.ts';

/** It is the command of the cache, too: all that the cache asks for stands in it. */
export class RowDelete implements DeleteInvalidation {
  readonly action = 'delete';
  readonly key: string;
  readonly partitionKey: string;
  readonly version: Version;
  readonly rule: string;
  readonly origin: ChangeOrigin;
  readonly versioned: boolean;
  readonly againAfterMs: number | null;

  constructor(
    key: string,
    partitionKey: string,
    version: Version,
    rule: string,
    origin: ChangeOrigin,
    versioned: boolean,
    againAfterMs: number | null,
  ) {
    this.key = key;
    this.partitionKey = partitionKey;
    this.version = version;
    this.rule = rule;
    this.origin = origin;
    this.versioned = versioned;
    this.againAfterMs = againAfterMs;
  }

  get kind(): 'delete' {
    return 'delete';
  }
}

export class RowRefresh implements RefreshInvalidation {
  readonly action = 'refresh';
  readonly key: string;
  readonly partitionKey: string;
  readonly version: Version;
  readonly rule: string;
  readonly origin: ChangeOrigin;
  readonly row: RowPayload;

  constructor(
    key: string,
    partitionKey: string,
    version: Version,
    rule: string,
    origin: ChangeOrigin,
    row: RowPayload,
  ) {
    this.key = key;
    this.partitionKey = partitionKey;
    this.version = version;
    this.rule = rule;
    this.origin = origin;
    this.row = row;
  }
}
