/** Loaded into a daemon before everything else: its wall clock jumps, up to an hour to both sides, every second or so. */
const Real = Date;
let shiftMs = 0;
globalThis.setInterval(() => (shiftMs = Math.round((Math.random() - 0.5) * 2 * 3_600_000)), 900).unref();

globalThis.Date = class extends Real {
  constructor(...args) {
    if (args.length === 0) super(Real.now() + shiftMs);
    else super(...args);
  }

  static now() {
    return Real.now() + shiftMs;
  }
};
