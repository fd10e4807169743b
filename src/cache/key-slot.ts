/**
 * Cluster slots as Redis counts them: CRC16 (XMODEM) of the hash tag, or of the whole key where it has none, mod 16384.
 * Only the first `{` counts, and the first `}` after it; with nothing between them, or no `}`, there is no tag.
 */
export const SLOTS = 16_384;

/** The text between the braces that alone decides the slot; null if the whole key does. */
export function hashTag(key: string): string | null {
  const open = key.indexOf('{');
  if (open === -1) return null;
  const close = key.indexOf('}', open + 1);
  return close === -1 || close === open + 1 ? null : key.slice(open + 1, close);
}

export function keySlot(key: string): number {
  return crc16(Buffer.from(hashTag(key) ?? key, 'utf8')) % SLOTS;
}

/** Of a key that may be no text. */
export function slotOfBytes(key: Buffer): number {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open + 1);
  return crc16(close === -1 || close === open + 1 ? key : key.subarray(open + 1, close)) % SLOTS;
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1;
  }
  return crc;
}
