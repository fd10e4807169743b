/** Fields in a fixed order. */
export function hashText(fields: Readonly<Record<string, string>>): string {
  return `hash ${JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}
