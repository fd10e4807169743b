import type { TypeCase } from './type-case.ts';

const of = (type: string, ...values: (readonly [text: string, canonical: string])[]): TypeCase => ({
  type,
  values: values.map(([text]) => `ST_GeomFromText('${text}')`),
  texts: values.map(([, canonical]) => canonical),
});

const RING = '[{"x":0,"y":0},{"x":4,"y":0},{"x":0,"y":4},{"x":0,"y":0}]';
const HOLE = '[{"x":1,"y":1},{"x":2,"y":1},{"x":1,"y":2},{"x":1,"y":1}]';
const POLYGON = '(0 0,4 0,0 4,0 0),(1 1,2 1,1 2,1 1)';

/** docs/types.md says what becomes of them: their coordinates. */
export const GEOMETRY_CASES: readonly TypeCase[] = [
  of('POINT', ['POINT(1 2.5)', '{"x":1,"y":2.5}'], ['POINT(-1e-9 1.7e308)', '{"x":-1e-9,"y":1.7e+308}']),
  of('LINESTRING', ['LINESTRING(0 0,1 1)', '[{"x":0,"y":0},{"x":1,"y":1}]']),
  of('POLYGON', [`POLYGON(${POLYGON})`, `[${RING},${HOLE}]`]),
  of('MULTIPOINT', ['MULTIPOINT(1 1,2 2)', '[{"x":1,"y":1},{"x":2,"y":2}]']),
  of('MULTILINESTRING', ['MULTILINESTRING((0 0,1 1),(2 2,3 3))', '[[{"x":0,"y":0},{"x":1,"y":1}],[{"x":2,"y":2},{"x":3,"y":3}]]']),
  of('MULTIPOLYGON', [`MULTIPOLYGON((${POLYGON}),((0 0,4 0,0 4,0 0)))`, `[[${RING},${HOLE}],[${RING}]]`]),
  of(
    'GEOMETRYCOLLECTION',
    ['GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))', '[{"x":1,"y":1},[{"x":0,"y":0},{"x":1,"y":1}]]'],
    ['GEOMETRYCOLLECTION EMPTY', '[]'],
  ),
  { ...of('GEOMETRYCOLLECTION', ['GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1 1)))', '[[{"x":1,"y":1}]]']), on: 'mysql' },
  of('GEOMETRY', ['POINT(1 1)', '{"x":1,"y":1}'], ['LINESTRING(0 0,1 1)', '[{"x":0,"y":0},{"x":1,"y":1}]']),
  // As it is stored, which is longitude first, whatever the order of the reference system.
  { type: 'POINT SRID 4326', values: ["ST_GeomFromText('POINT(10 20)', 4326)"], texts: ['{"x":20,"y":10}'], on: 'mysql' },
]; // prettier-ignore
