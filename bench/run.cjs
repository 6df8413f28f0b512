/** `npm run bench -- NAME [arguments]`: runs one of the scripts in this folder from the build. */
'use strict';

const { existsSync, readdirSync } = require('node:fs');
const path = require('node:path');

const [name = '', ...rest] = process.argv.slice(2);
const script = path.join(__dirname, '..', 'dist', 'bench', `${name}.js`);
if (!/^[\w-]+$/.test(name) || !existsSync(script)) {
  const names = readdirSync(__dirname).filter((file) => file.endsWith('.ts'));
  process.stderr.write(`Name a benchmark: ${names.map((file) => file.slice(0, -3)).join(', ')}\n`);
  process.exit(1);
}
process.argv.splice(2, process.argv.length, ...rest);
require(script);
