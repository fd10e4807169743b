import type { GtidSet } from './gtid-set.ts';

interface LastOfDomain {
  readonly gtid: string;
  readonly server: string;
  readonly sequence: bigint;
}

const GTID = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/;
const MAX_UINT32 = 0xffff_ffff;
const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;

/**
 * A MariaDB GTID position: the last transaction of each replication domain, `0-1-1234,1-3-45`. Within a domain the
 * order of the binary log is total, so one GTID stands for everything before it.
 * Source: MariaDB manual, "Global Transaction ID", "The Global Transaction ID position".
 */
export class MariadbGtidSet implements GtidSet {
  /** Domain → its last GTID as text; split only when somebody asks (adding is the hot path). */
  readonly #domains = new Map<string, string>();

  static parse(text: string): MariadbGtidSet {
    const set = new MariadbGtidSet();
    for (const part of text.replace(/\s/g, '').split(',')) {
      if (part === '') continue;
      parse(part);
      const domain = part.slice(0, part.indexOf('-'));
      if (set.#domains.has(domain)) throw new Error(`domain ${domain} stands twice in the GTID position '${text}'`);
      set.#domains.set(domain, part);
    }
    return set;
  }

  /**
   * The newest is the last one read, not the greatest: after a failover a domain can go on under another server with
   * a smaller sequence number, and the server resumes after exactly the GTID it is given.
   */
  add(gtid: string): void {
    const dash = gtid.indexOf('-');
    if (dash <= 0) throw new Error(`not a MariaDB GTID: '${gtid}'`);
    this.#domains.set(gtid.slice(0, dash), gtid);
  }

  /** Sequence numbers of different servers in a domain cannot be compared: those count as not contained. */
  contains(gtid: string): boolean {
    const wanted = parse(gtid);
    const text = this.#domains.get(gtid.slice(0, gtid.indexOf('-')));
    if (text === undefined) return false;
    const last = parse(text);
    return last.server === wanted.server && wanted.sequence <= last.sequence;
  }

  isEmpty(): boolean {
    return this.#domains.size === 0;
  }

  toString(): string {
    return [...this.#domains.entries()]
      .sort(([one], [other]) => Number(one) - Number(other))
      .map(([, gtid]) => gtid)
      .join(',');
  }
}

function parse(gtid: string): LastOfDomain {
  const match = GTID.exec(gtid);
  const [, domain = '', server = '', sequence = ''] = match ?? [];
  if (match === null || Number(domain) > MAX_UINT32 || Number(server) > MAX_UINT32 || BigInt(sequence) > MAX_UINT64) {
    throw new Error(`not a MariaDB GTID: '${gtid}'`);
  }
  return { gtid, server, sequence: BigInt(sequence) };
}
