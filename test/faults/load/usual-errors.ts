const USUAL = [
  /Deadlock|Lock wait|Duplicate entry|interrupted/i,
  /read-only|READONLY|OOM command|LOADING/i,
  /ECONN|EPIPE|ETIMEDOUT|closed|PROTOCOL|shutdown|denied|Stream isn't writeable|max retries|Cluster isn't ready|CLUSTERDOWN/i,
  /XAE?R|XA_RB/,
  /Unknown column|doesn't exist|Table definition|was not locked/i,
];

/** Errors that concurrent transactions and faults bring about; after each of them the load just goes on. */
export function isUsual(reason: string): boolean {
  return USUAL.some((pattern) => pattern.test(reason));
}
