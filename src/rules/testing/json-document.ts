/**
 * A JSON document as MySQL prints it: a space behind commas and colons, members in the order of the length of their names, then of
 * their bytes. A key template that takes the whole document gives the same text as a real row.
 */
export function jsonDocumentText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonDocumentText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).sort(([a], [b]) => byBytes(a, b));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}: ${jsonDocumentText(member)}`).join(', ')}}`;
}

function byBytes(a: string, b: string): number {
  const [first, second] = [Buffer.from(a), Buffer.from(b)];
  return first.length - second.length || Buffer.compare(first, second);
}
