import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { printSchema } from 'graphql';
import { createSchema } from './schema';

const FILE = 'schema.graphql';

/** The committed text of the schema, in the order of the classes. */
export function schemaText(): string {
  return (
    '# Emitted by `npm run schema` from the classes in types/ and resolvers/; `npm run check` fails when it is not.\n\n' +
    `${printSchema(createSchema())}\n`
  );
}

/** Writes schema.graphql in the working directory; with `--check`, only says whether it is up to date. */
function main(): void {
  const text = schemaText();
  if (!process.argv.includes('--check')) {
    writeFileSync(FILE, text);
    return;
  }
  if (existsSync(FILE) && readFileSync(FILE, 'utf8') === text) return;
  process.stderr.write(`${FILE} does not match the classes; run \`npm run schema\` and commit it.\n`);
  process.exitCode = 1;
}

if (require.main === module) main();
