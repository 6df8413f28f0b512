'use strict';

const { default: Sequencer } = require('@jest/test-sequencer');

/** Suites that take a minute and more: begun last, one of them would run alone at the end. */
const LONG = [
  'clients/python',
  'hostile/inputs',
  'import/interrupted',
  'live/recovery',
  'limits/connections',
  'hostile/masked-errors',
  'execution/equality',
  'process/database-away',
  'web/pages',
];

const isLong = ({ path }) => LONG.some((name) => path.replaceAll('\\', '/').endsWith(`/test/${name}.test.ts`));

/** Long suites first; the others as jest would have them: by their last times, or their sizes on a fresh clone. */
module.exports = class LongFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
};
