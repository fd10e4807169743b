/** Column types in a result's description, as numbers of the protocol. Source: MySQL source code documentation, enum_field_types. */
export const COLUMN_TYPE = {
  float: 4,
  double: 5,
  timestamp: 7,
  time: 11,
  datetime: 12,
  year: 13,
  bit: 16,
  vector: 242,
  json: 245,
} as const;
