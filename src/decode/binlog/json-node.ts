/** A JSON document as a tree: text of a scalar as MySQL prints it, list of elements, or members in MySQL's order. */
export type JsonNode = string | JsonNode[] | Map<string, JsonNode>;

/** Deeper than the server allows: such a document is damaged. Source: MySQL manual, "The JSON Data Type" (100 levels). */
export const MAX_DEPTH = 100;

/** As `CAST(document AS CHAR)` prints it. */
export function jsonText(node: JsonNode): string {
  if (typeof node === 'string') return node;
  if (Array.isArray(node)) return `[${node.map(jsonText).join(', ')}]`;
  const members: string[] = [];
  for (const [name, value] of node) members.push(`${JSON.stringify(name)}: ${jsonText(value)}`);
  return `{${members.join(', ')}}`;
}

/** Members with the new one in its place: shorter names come first, those of the same length by their bytes. */
export function withMember(members: Map<string, JsonNode>, name: string, value: JsonNode): void {
  if (members.has(name)) {
    members.set(name, value);
    return;
  }
  const bytes = Buffer.from(name);
  const isBefore = (other: Buffer): boolean =>
    other.length === bytes.length ? other.compare(bytes) < 0 : other.length < bytes.length;
  const entries = [...members];
  const place = entries.findIndex(([other]) => !isBefore(Buffer.from(other)));
  entries.splice(place === -1 ? entries.length : place, 0, [name, value]);
  members.clear();
  for (const [each, node] of entries) members.set(each, node);
}
