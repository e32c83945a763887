// Imported into a bot by NODE_OPTIONS: each SIGUSR2 sets the process's clock an hour ahead, or back again.
const Real = Date;
let ahead = 0;
process.on('SIGUSR2', () => {
  ahead = ahead === 0 ? 3_600_000 : 0;
});
globalThis.Date = class extends Real {
  constructor(...given) {
    if (given.length === 0) super(Real.now() + ahead);
    else super(...given);
  }
  static now() {
    return Real.now() + ahead;
  }
};
